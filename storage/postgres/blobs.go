package postgres

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

// pieceSize is how many bytes of a blob are one row. Every piece but the last is
// full: a position tells its piece.
const pieceSize = 256 << 10

const (
	newUpload    = `SELECT gen_random_uuid()`
	insertPiece  = `INSERT INTO blob_pieces (upload, n, created, data) VALUES ($1, $2, $3, $4)`
	insertBlob   = `INSERT INTO blobs (session, hash, size, upload, created) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (session, hash) DO NOTHING`
	dropUpload   = `DELETE FROM blob_pieces WHERE upload = $1`
	selectBlob   = `SELECT upload, size FROM blobs WHERE session = $1 AND hash = $2`
	selectPiece  = `SELECT data FROM blob_pieces WHERE upload = $1 AND n = $2`
	deletePieces = `DELETE FROM blob_pieces p USING blobs b WHERE b.session = ANY($1) AND p.upload = b.upload`
	deleteBlobs  = `DELETE FROM blobs WHERE session = ANY($1)`

	sweepBlobs = `WITH gone AS (
			DELETE FROM blobs b WHERE created < $1 AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = b.session) RETURNING upload
		), pieces AS (
			DELETE FROM blob_pieces p USING gone WHERE p.upload = gone.upload
		) SELECT count(*) FROM gone`
	sweepUploads = `WITH old AS (
			SELECT upload FROM blob_pieces p WHERE n = 0 AND created < $1 AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.upload = p.upload)
		), pieces AS (
			DELETE FROM blob_pieces p USING old WHERE p.upload = old.upload
		) SELECT count(*) FROM old`
)

// PutBlob implements [storage.Blobs]. It holds one piece of r at a time, and no
// connection while it waits for r.
func (s *Store) PutBlob(ctx context.Context, session string, r io.Reader) (storage.Blob, error) {
	if !valid.ID(session) {
		return storage.Blob{}, fmt.Errorf("put blob: %w", valid.ErrID)
	}
	u := upload{store: s}
	kept := false
	defer func() { // r may panic, too
		if !kept {
			u.drop()
		}
	}()
	blob, err := u.copy(ctx, r)
	if err != nil {
		return storage.Blob{}, err
	}
	if kept, err = u.name(ctx, session, blob); err != nil {
		return storage.Blob{}, fmt.Errorf("put blob: %w", err)
	}
	return blob, nil
}

// An upload is a blob that has no name yet.
type upload struct {
	store  *Store
	id     pgtype.UUID
	pieces int
}

// copy stores what r yields. An error of r comes back as it is.
func (u *upload) copy(ctx context.Context, r io.Reader) (storage.Blob, error) {
	hash := sha256.New()
	piece := make([]byte, pieceSize)
	var size int64
	for {
		if err := ctx.Err(); err != nil {
			return storage.Blob{}, err
		}
		n, readErr := fill(r, piece)
		if n > 0 {
			size += int64(n)
			hash.Write(piece[:n])
			if err := u.add(ctx, piece[:n]); err != nil {
				return storage.Blob{}, fmt.Errorf("put blob: %w", err)
			}
		}
		if readErr == io.EOF {
			return storage.Blob{Hash: hex.EncodeToString(hash.Sum(nil)), Size: size}, nil
		}
		if readErr != nil {
			return storage.Blob{}, readErr
		}
	}
}

// fill reads until p is full or r ends. Unlike [io.ReadFull] it keeps apart an end
// in the middle from a reader that says so itself.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	return n, err
}

// add stores the next piece. The first one gives the upload its id.
func (u *upload) add(ctx context.Context, data []byte) error {
	err := u.store.pool.do(ctx, func(conn *pgxpool.Conn) error {
		if !u.id.Valid {
			if err := conn.QueryRow(ctx, newUpload).Scan(&u.id); err != nil {
				return err
			}
		}
		_, err := conn.Exec(ctx, insertPiece, u.id, u.pieces, u.store.now(), data)
		return err
	})
	u.pieces++
	return err
}

// name makes the upload a blob. It reports false when the session has those bytes
// already.
func (u *upload) name(ctx context.Context, session string, blob storage.Blob) (bool, error) {
	kept := false
	err := u.store.pool.do(ctx, func(conn *pgxpool.Conn) error {
		if !u.id.Valid { // nothing in it
			if err := conn.QueryRow(ctx, newUpload).Scan(&u.id); err != nil {
				return err
			}
		}
		tag, err := conn.Exec(ctx, insertBlob, session, blob.Hash, blob.Size, u.id, u.store.now())
		kept = tag.RowsAffected() == 1
		return err
	})
	return kept, err
}

// drop removes the pieces of an upload that is given up. What can't be removed now
// is swept later.
func (u *upload) drop() {
	if u.pieces == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	_ = u.store.pool.do(ctx, func(conn *pgxpool.Conn) error {
		_, err := conn.Exec(ctx, dropUpload, u.id)
		return err
	})
}

// OpenBlob implements [storage.Blobs]. The blob is read a piece at a time, with ctx.
func (s *Store) OpenBlob(ctx context.Context, session, hash string) (io.ReadSeekCloser, error) {
	if !valid.ID(session) || !valid.Hash(hash) {
		return nil, fmt.Errorf("open blob: %w", cmp.Or(ctx.Err(), storage.ErrNotFound))
	}
	b := &blobReader{ctx: ctx, store: s, piece: -1}
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		return notFound(conn.QueryRow(ctx, selectBlob, session, hash).Scan(&b.upload, &b.size))
	})
	if err != nil {
		return nil, fmt.Errorf("open blob %s of session %s: %w", hash[:12], session, err)
	}
	return b, nil
}

// DeleteBlobs implements [storage.Blobs].
func (s *Store) DeleteBlobs(ctx context.Context, session string) error {
	if !valid.ID(session) {
		return ctx.Err() // nothing can be there
	}
	err := s.pool.tx(ctx, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(deletePieces, []string{session})
		batch.Queue(deleteBlobs, []string{session})
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return fmt.Errorf("delete blobs of session %s: %w", session, err)
	}
	return nil
}

// SweepBlobs implements [storage.Blobs]. Uploads that were never finished count as
// blobs that no session owns.
func (s *Store) SweepBlobs(ctx context.Context, before time.Time) (int, error) {
	var swept, unfinished int
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		if err := conn.QueryRow(ctx, sweepBlobs, before).Scan(&swept); err != nil {
			return err
		}
		return conn.QueryRow(ctx, sweepUploads, before).Scan(&unfinished)
	})
	if err != nil {
		return swept, fmt.Errorf("sweep blobs: %w", err)
	}
	return swept + unfinished, nil
}

// A blobReader reads a blob.
type blobReader struct {
	ctx    context.Context // of OpenBlob; reading has no other
	store  *Store
	upload pgtype.UUID
	size   int64
	at     int64
	piece  int64 // that data holds; −1 means none
	data   []byte
	closed bool
}

// Read implements [io.Reader].
func (b *blobReader) Read(p []byte) (int, error) {
	if b.closed {
		return 0, errors.New("read blob: it is closed")
	}
	if b.at >= b.size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if err := b.load(b.at / pieceSize); err != nil {
		return 0, fmt.Errorf("read blob: %w", err)
	}
	offset := b.at % pieceSize
	if offset >= int64(len(b.data)) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, b.data[offset:])
	b.at += int64(n)
	return n, nil
}

func (b *blobReader) load(piece int64) error {
	if b.piece == piece {
		return nil
	}
	err := b.store.pool.do(b.ctx, func(conn *pgxpool.Conn) error {
		return notFound(conn.QueryRow(b.ctx, selectPiece, b.upload, piece).Scan(&b.data))
	})
	if err != nil {
		return err
	}
	b.piece = piece
	return nil
}

// Seek implements [io.Seeker].
func (b *blobReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += b.size
	}
	if offset < 0 {
		return b.at, errors.New("seek in blob: before its start")
	}
	b.at = offset
	return offset, nil
}

// Close implements [io.Closer].
func (b *blobReader) Close() error {
	b.closed, b.data = true, nil
	return nil
}
