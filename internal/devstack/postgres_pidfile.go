package devstack

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// pidFileLines reads postmaster.pid: line 1 is the process id, line 8 the status.
func pidFileLines(dataDir string) []string {
	b, err := os.ReadFile(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil {
		return nil
	}
	lines := strings.Split(string(b), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}

// pidOf is the process that holds the data folder, or 0.
func pidOf(dataDir string) int {
	lines := pidFileLines(dataDir)
	if len(lines) == 0 {
		return 0
	}
	pid, err := strconv.Atoi(lines[0])
	if err != nil {
		return 0 // half-written; the next poll reads it whole
	}
	return pid
}

// isReady reports whether the server with that pid says that it accepts connections.
func isReady(dataDir string, pid int) bool {
	lines := pidFileLines(dataDir)
	return len(lines) >= 8 && lines[7] == "ready" && lines[0] == strconv.Itoa(pid)
}

// tailFrom returns at most the last 1,500 bytes of what was written to a log since an offset.
func tailFrom(file string, offset int64) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	if end, err := f.Seek(0, io.SeekEnd); err == nil && end-offset > 1500 {
		offset = end - 1500
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return ""
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
