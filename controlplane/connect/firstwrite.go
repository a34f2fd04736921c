package connect

import (
	"encoding/json"
	"fmt"

	"turnkey/runtime/bundle"
)

// exampleUser is whom the example's token and row are for.
const exampleUser = "demo"

// firstWrite is two commands for a terminal: a token, and a row of the first table in which a user may make one.
func firstWrite(urls URLs, list []table) string {
	for _, t := range list {
		if t.source.Allow.Create == "" {
			continue
		}
		data := map[string]string{}
		owner := t.owner()
		for _, c := range t.Columns {
			if c.path == owner {
				data[c.Name] = exampleUser
			}
		}
		body, _ := json.Marshal(map[string]any{"transactions": []any{map[string]any{"crud": []any{ // texts and maps can always be written
			map[string]any{"op": "PUT", "table": t.Name, "id": exampleID(t.source.ID), "op_data": data},
		}}}})
		return fmt.Sprintf("TOKEN=$(curl -s '%s?user_id=%s' | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')\n"+
			"curl -s '%s' -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '%s'\n", urls.Token, exampleUser, urls.Upload, body)
	}
	return ""
}

func exampleID(t bundle.TypeName) string {
	switch t {
	case bundle.TypeObjectID:
		return "65f0c0ffee0000000000cafe"
	case bundle.TypeUUID:
		return "0190a6b0-0000-7000-8000-00000000cafe"
	case bundle.TypeInt64:
		return "4711"
	}
	return "first-write"
}
