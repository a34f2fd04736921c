package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
)

// devFile is .turnkey/dev.json, for scripts.
type devFile struct {
	DashboardURL string            `json:"dashboard_url"`
	APIURL       string            `json:"api_url"`
	Email        string            `json:"email"`
	Password     string            `json:"password"`
	APIToken     string            `json:"api_token"`
	SourceURLs   map[string]string `json:"source_urls"`
	Instances    []devInstance     `json:"instances"`
}

type devInstance struct {
	Name   string `json:"name"`
	ID     string `json:"id"`
	Host   string `json:"host"`
	URL    string `json:"url"`
	Source string `json:"source"`
}

// writeDevFile replaces dev.json.
func (s *devStack) writeDevFile(f devFile) error {
	raw, err := json.MarshalIndent(f, "", "  ")
	if err == nil {
		err = writeWhole(s.devFilePath(), append(raw, '\n'))
	}
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "data_folder", "The data folder cannot be written.")
	}
	return nil
}

func (s *devStack) devFilePath() string { return filepath.Join(s.dir, "dev.json") }

func (s *devStack) readDevFile() (f devFile) {
	raw, err := os.ReadFile(s.devFilePath())
	if err == nil {
		_ = json.Unmarshal(raw, &f) // a broken file is written anew
	}
	return f
}

// announce makes the account and the demo's instances, writes dev.json and prints what to open and two
// curl lines.
func (s *devStack) announce(ctx context.Context, term terminal, lan bool, port int) error {
	f, organization, err := s.account(ctx)
	if err != nil {
		return err
	}
	f.DashboardURL, f.APIURL = s.base, s.base+"/api/v1"
	f.SourceURLs = map[string]string{"mongodb": s.mongoURI, "postgres": s.postgres.URL("todo")}
	if err := s.writeDevFile(f); err != nil { // the account is there, whatever becomes of the demo
		return err
	}
	if f.Instances, err = s.demoInstances(ctx, f, organization); err != nil {
		return err
	}
	if err := s.writeDevFile(f); err != nil {
		return err
	}
	fmt.Fprintf(term.out, "\nTurnkey is ready.\n  open      %s\n  sign in   %s  %s\n  API       %s  (token in %s)\n", f.DashboardURL, f.Email, f.Password, f.APIURL, s.devFilePath())
	for _, i := range f.Instances {
		fmt.Fprintf(term.out, "  instance  %s  on %s\n", i.URL, i.Source)
	}
	if len(f.Instances) > 0 {
		printCurl(term.out, f.Instances[0])
		if lan {
			printLAN(term.out, f.Instances[0], port)
		}
	}
	fmt.Fprintln(term.out, "Ctrl-C ends everything.")
	return nil
}

// printCurl gives two lines that work as they are.
func printCurl(w io.Writer, i devInstance) {
	fmt.Fprintf(w, "\nGet a token, then upload a write:\n\n  TOKEN=$(curl -s '%s/token?user_id=demo' | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')\n", i.URL)
	fmt.Fprintf(w, "  curl -s %s/api/data -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{\"transactions\":[{\"crud\":[{\"op\":\"PUT\",\"table\":\"lists\",\"id\":\"%s\",\"op_data\":{\"name\":\"From curl\",\"owner_id\":\"demo\"}}]}]}'\n\n",
		i.URL, exampleID(i.Source))
}

func exampleID(source string) string {
	if source == string(bundle.MongoDB) {
		return "65f0c0ffee0000000000cafe"
	}
	return "0190a6b0-0000-7000-8000-00000000cafe"
}

// printLAN says how simulators and phones reach an instance.
func printLAN(w io.Writer, i devInstance, port int) {
	path := "/i/" + i.Host
	fmt.Fprintf(w, "From an iOS simulator  http://localhost:%d%s\nFrom an Android emulator  http://10.0.2.2:%d%s\n", port, path, port, path)
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return
	}
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && ip.IP.To4() != nil {
			fmt.Fprintf(w, "From a phone  http://%s:%d%s\n", ip.IP, port, path)
		}
	}
}

// writeWhole replaces a file in one step, readable by its owner only.
func writeWhole(path string, content []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return err
	}
	return errors.Join(os.Rename(temporary, path))
}
