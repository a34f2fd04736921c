package stand

import (
	"fmt"
	"strings"
)

// Configuration is the turnkey.yaml of the instance under torture.
func Configuration(database string, tables []Table, receiver *Receiver) string {
	var b strings.Builder
	name, place := postgresSchema, "table: public."
	if database == "mongodb" {
		name, place = mongoDatabase, "collection: "
	}
	fmt.Fprintf(&b, "source: {type: %s, uri: {secret: SOURCE_URI}, database: %s}\n", database, name)
	b.WriteString("auth: {powersync_url: \"http://localhost:8081\", development_tokens: true, token_ttl: 24h}\n")
	b.WriteString("limits: {transactions_per_minute: 100000000}\n")
	if receiver != nil {
		b.WriteString("hooks: {fetch: [127.0.0.1]}\noutbox:\n")
		for _, t := range tables {
			for _, name := range t.Outboxes {
				fmt.Fprintf(&b, "  %s: {url: \"http://%s/%s\", secret: {secret: %s}}\n", name, receiver.addr, name, receiverSecret)
			}
		}
	}
	b.WriteString("tables:\n")
	for _, t := range tables {
		create := t.Create
		if create == "" {
			create = "true"
		}
		n, items, conflict := "{type: int64}", "{type: array, of: string}", ""
		switch t.Merge {
		case "counter", "max":
			n, conflict = "{type: int64, merge: "+t.Merge+"}", "    on_conflict: merge\n"
		case "append":
			items, conflict = "{type: array, of: string, merge: append}", "    on_conflict: merge\n"
		}
		fmt.Fprintf(&b, "  %s:\n    %s%s\n    id: string\n%s    allow: {create: %q, update: \"true\", delete: \"true\"}\n    fields: {tag: {type: string}, n: %s, items: %s}\n",
			t.Name, place, t.Name, conflict, create, n, items)
	}
	return b.String()
}

// hookFiles are the tables' hook files by their paths.
func hookFiles(tables []Table, receiver *Receiver) map[string]string {
	files := map[string]string{}
	for _, t := range tables {
		if t.Hook != "" {
			text := t.Hook
			if receiver != nil {
				text = strings.ReplaceAll(text, ReceiverURL, "http://"+receiver.addr)
			}
			files["hooks/"+t.Name+".ts"] = text
		}
	}
	return files
}
