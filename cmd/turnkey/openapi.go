package main

import (
	"fmt"

	dashboardapi "turnkey/dashboard-api"
)

// openAPICommand prints what /api/v1/openapi.json answers: generated clients, the dashboard's among
// them, are made of it without a server.
type openAPICommand struct {
	BaseURL string `default:"http://localhost:8080" help:"Where the API is reached."`
}

// Run implements the command.
func (c *openAPICommand) Run(term terminal) error {
	text, err := dashboardapi.Description(c.BaseURL)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(term.out, "%s\n", text)
	return err
}
