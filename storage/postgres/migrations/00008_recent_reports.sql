-- +goose Up
CREATE INDEX reports_recent ON reports (created, session, question, owner);
