package gateway

import (
	"log/slog"
	"net/http"
	"time"
)

// Server makes the HTTP server for a gateway, or for a handler around it: no client can hold a
// connection by being slow. Headers have 10 s, a request 60 s to arrive (clients give up at 30), and
// an answer goes out within 60 s more.
func Server(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      120 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
