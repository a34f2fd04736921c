// Package db is what sqlc generates from the queries of package store: one method for each query. It
// must not be written by hand, nor imported by anything but store.
package db
