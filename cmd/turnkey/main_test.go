package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestCommandLine(t *testing.T) {
	for name, c := range map[string]struct {
		args     []string
		code     int
		out, err string // what must appear; an empty err means that nothing may
	}{
		"version":         {[]string{"version"}, 0, "turnkey " + version, ""},
		"help":            {[]string{"--help"}, 0, "version", ""},
		"command help":    {[]string{"version", "--help"}, 0, "Print the version", ""},
		"nothing":         {nil, 1, "", "--help"},
		"unknown command": {[]string{"sing"}, 1, "", "sing"},
		"no port":         {[]string{"dev", "--port", "0"}, 1, "", "--port must be from 1 to 65535"},
		"unknown option":  {[]string{"version", "--loud"}, 1, "", "--loud"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(t.Context(), c.args, terminal{&out, &errs})
			if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(errs.String(), c.err) {
				t.Errorf("exit %d\nout: %s\nerr: %s", code, &out, &errs)
			}
			if c.err == "" && errs.Len() > 0 || strings.Contains(errs.String(), "goroutine") {
				t.Errorf("it complains: %s", &errs)
			}
		})
	}
}
