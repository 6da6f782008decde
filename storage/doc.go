// Package storage says what the rest of the program needs from a database, as
// small roles over plain records. The engines live beside it (storage/sqlite);
// storage/storagetest is the suite that each of them passes.
//
// Items and requests are bytes here: a store has no reason to read a question.
package storage
