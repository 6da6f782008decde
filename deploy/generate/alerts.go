package main

// What requests count: probes and scrapes are none of a client's.
const requests = `route!~"/health.*|/metrics"`

// alerts returns all alerts but those of the objectives, which slo.WriteRules has.
// Where a bound comes from the configuration, the server exports it and the rule
// compares with that, so that a larger pool needs no other rule. docs/SLO.md says why
// the expressions are as they are.
func alerts() []group {
	return []group{
		{"learnsnap-service", service()},
		{"learnsnap-work", work()},
		{"learnsnap-money", selling()},
		{"learnsnap-capacity", capacity()},
	}
}

// service is what an operator is to be told of first.
func service() []alert {
	return []alert{
		{
			name: "ServiceDown", severity: critical, hold: "1m",
			expr: `
up{job="learnsnap"} == 0
or absent(up{job="learnsnap"})`,
			summary: "{{ $labels.instance }} does not answer",
			detail:  "Prometheus has not reached {{ $labels.instance }} for a minute, or knows no instance at all.",
		},
		{
			name: "HighErrorRate", severity: critical, hold: "5m",
			expr: `
sum(rate(http_requests_total{` + requests + `,status=~"5.."}[5m]))
/ sum(rate(http_requests_total{` + requests + `}[5m])) > 0.01
and sum(increase(http_requests_total{` + requests + `,status=~"5.."}[5m])) > 2`,
			summary: "{{ $value | humanizePercentage }} of the requests fail",
			detail:  "{{ $value | humanizePercentage }} of all requests of the last five minutes were answered with 5xx; 1 % is the bound.",
		},
		{
			name: "SlowQuizGeneration", severity: warning, hold: "10m",
			expr: `
histogram_quantile(0.95, sum by (le) (rate(quiz_generation_duration_seconds_bucket[15m]))) > 60`,
			summary: "quizzes are slow: P95 is {{ $value | humanizeDuration }}",
			detail:  "Of the quizzes of the last 15 minutes, one in twenty took longer than {{ $value | humanizeDuration }}; 60 s is the objective.",
		},
		{
			name: "AIProviderDegraded", severity: warning, hold: "2m",
			expr: `
max by (provider) (circuit_breaker_state{provider!="paylink",state!="CLOSED"}) == 1`,
			summary: "the circuit breaker of {{ $labels.provider }} is open",
			detail:  "{{ $labels.provider }} fails and is not asked; the other models go on, the offline one last.",
		},
		{
			name: "DatabaseConnectionExhausted", severity: critical, hold: "2m",
			expr: `
max by (instance) (db_pool_connections{state="in_use"})
/ max by (instance) (db_pool_connections{state="max"}) > 0.9`,
			summary: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its database connections",
			detail:  "Callers wait for a connection, and after 3 s they are turned away with 503.",
		},
		{
			name: "HighMemoryUsage", severity: warning, hold: "5m",
			expr: `
max by (instance) (memory_used_bytes)
/ (max by (instance) (memory_limit_bytes) > 0) > 0.75`,
			summary: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its memory",
			detail:  "From 75 % on new work is turned away (503), above 85 % for 30 s the server restarts in good order.",
		},
	}
}

// work is what is left lying.
func work() []alert {
	return []alert{
		{
			name: "DeadLetters", severity: warning,
			expr:    `max(jobs_dead_total) > 0`,
			summary: "{{ $value }} jobs have failed for good",
			detail:  "Their owners have their pages back. The alert ends when each was retried or discarded.",
		},
		{
			name: "JobsWaitTooLong", severity: critical, hold: "2m",
			expr:    `max(jobs_oldest_seconds) > 120`,
			summary: "a quiz has waited for {{ $value | humanizeDuration }} and nobody has begun it",
			detail:  "Workers are too few, stuck or away. What waits is not lost.",
		},
		{
			name: "DiskNearlyFull", severity: critical, hold: "5m",
			expr: `
node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"}
/ node_filesystem_size_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"} < 0.1`,
			summary: "{{ $labels.mountpoint }} of {{ $labels.instance }} has {{ $value | humanizePercentage }} left",
			detail:  "SQLite, uploads, logs and backups stop when it is full.",
		},
		{
			name: "BackupTooOld", severity: warning, hold: "15m",
			expr:    `time() - max(backup_last_success_timestamp_seconds) > 26 * 3600`,
			summary: "the last proved backup is {{ $value | humanizeDuration }} old",
			detail:  "A backup is made and proved by a restore every day; 26 h leave room for a slow one.",
		},
	}
}

// What is refused of the gateway's messages: without the proof that they are its own,
// or not to be read.
const refused = `webhook_events_total{outcome=~"forged|malformed"}`

// selling is about payments, and about the limits that keep everybody from trying
// them out.
func selling() []alert {
	return []alert{
		{
			name: "PaymentsUnderReview", severity: warning, hold: "5m",
			expr:    `max(payments_stuck) > 0`,
			summary: "{{ $value }} payments wait for an operator",
			detail:  "Money may have been taken for which nobody got pages. The alert ends when each was credited or closed.",
		},
		{
			name: "WebhooksRefused", severity: warning,
			expr: `
sum(increase(` + refused + `[15m])) > 20
or sum(increase(` + refused + `[1h])) > 2.5
  unless sum(increase(webhook_events_total{outcome=~"taken|repeated"}[1h])) > 0`,
			summary: "{{ $value | humanize }} webhooks were refused",
			detail:  "Many at once are somebody's forgeries; a few where none is taken are Paylink's own, because the header differs. What was paid is found without them.",
		},
		{
			name: "WebhooksWaiting", severity: warning, hold: "10m",
			expr:    `max(webhook_events_waiting) > 0`,
			summary: "{{ $value }} webhooks were taken in and nobody works on them",
			detail:  "Buyers wait for pages that they have paid for, until they come back or Paylink is asked.",
		},
		{
			name: "PaylinkDown", severity: warning, hold: "2m",
			expr: `
max(circuit_breaker_state{provider="paylink",state!="CLOSED"}) == 1
or sum(increase(payments_total{outcome="failed"}[15m])) > 2.5
  and sum(increase(payments_total{outcome="failed"}[15m])) > sum(increase(payments_total{outcome="paid"}[15m]))`,
			summary: "Paylink fails: nobody can buy pages",
			detail:  "Its circuit breaker is open, or more checkouts fail than are paid. What was paid is credited once it is back.",
		},
		{
			name: "LimitsNotShared", severity: warning, hold: "5m",
			expr:    `min by (instance) (limits_shared) == 0`,
			summary: "{{ $labels.instance }} counts limits for itself",
			detail:  "What the replicas share limits through (Redis, or Postgres) does not answer. Each replica lets a caller have the whole of a limit.",
		},
	}
}

// capacity looks ahead: hours remain, in which to add what will be missing.
func capacity() []alert {
	return []alert{
		{
			name: "DatabasePoolFillingUp", severity: warning, hold: "15m",
			expr: `
max by (instance) (avg_over_time(db_pool_connections{state="in_use"}[15m]))
/ max by (instance) (db_pool_connections{state="max"}) > 0.7`,
			summary: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its database connections on average",
			detail:  "A burst will exhaust them.",
		},
		{
			name: "QueueGrowing", severity: warning, hold: "10m",
			expr: `
max(predict_linear(jobs_oldest_seconds[15m], 1800)) > 120
and max(jobs_oldest_seconds) > 20`,
			summary: "the queue grows: in half an hour a quiz will wait {{ $value | humanizeDuration }}",
			detail:  "More quizzes are created than are made. Above 120 s JobsWaitTooLong wakes somebody.",
		},
		{
			name: "MemoryFillingUp", severity: warning, hold: "15m",
			expr: `
max by (instance) (predict_linear(memory_used_bytes[1h], 4 * 3600))
/ (max by (instance) (memory_limit_bytes) > 0) > 0.75
and max by (instance) (memory_used_bytes) / max by (instance) (memory_limit_bytes) > 0.5`,
			summary: "{{ $labels.instance }} will turn work away for want of memory within four hours",
			detail:  "Going on like the last hour, it will use {{ $value | humanizePercentage }} of its limit.",
		},
		{
			name: "DiskFillingUp", severity: warning, hold: "1h",
			expr: `
predict_linear(node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"}[6h], 24 * 3600) < 0
and node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"}
  / node_filesystem_size_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs"} < 0.4`,
			summary: "{{ $labels.mountpoint }} of {{ $labels.instance }} will be full within a day",
			detail:  "Going on like the last six hours.",
		},
		{
			name: "ProviderQuotaNearlySpent", severity: warning, hold: "15m",
			expr: `
sum by (provider, model) (rate(ai_requests_total{outcome=~"rate_limited|quota_exhausted"}[15m]))
/ sum by (provider, model) (rate(ai_requests_total{outcome!~"cancelled|rejected"}[15m])) > 0.1`,
			summary: "{{ $labels.provider }}/{{ $labels.model }} refuses {{ $value | humanizePercentage }} of the calls for its quota",
			detail:  "Others take over meanwhile. The quota or AI_CONCURRENCY no longer fits the traffic.",
		},
		{
			name: "FileDescriptorsFillingUp", severity: warning, hold: "10m",
			expr: `
max by (instance) (process_open_fds{job="learnsnap"})
/ max by (instance) (process_max_fds{job="learnsnap"}) > 0.8`,
			summary: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its file descriptors",
			detail:  "Each watcher of a quiz holds one. When they are spent, connections are refused.",
		},
	}
}
