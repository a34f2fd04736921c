//go:build e2e

package main_test

import "net/http"

// strategies are those of PowerSync's page on custom conflict resolution, in its order, after its default.
var strategies = []scenario{
	{name: "default/different fields", table: "notes", row: `{"title": "t", "body": "b"}`,
		first: []string{`set title = 'T'`}, second: []string{`set body = 'B'`}, ends: `body="B" title="T"`},
	{name: "default/the same field", table: "notes", row: `{"title": "t"}`,
		first: []string{`set title = 'one'`}, second: []string{`set title = 'two'`}, ends: `title="two"`},
	{name: "default/deletes win", table: "notes", row: `{"title": "t"}`,
		first: []string{`delete`}, second: []string{`set title = 'T'`}, ends: ``,
		then: func(s *stage) {
			s.want("creating it again", s.write(s.second, `create {"title": "again"}`), "success")
			s.want("the row", s.sync("notes", s.id), `title="again"`)
		}},

	{name: "timestamp/later", table: "tasks", row: `{"title": "t", "body": "b", "modified_at": "2026-03-01T10:00:00Z"}`,
		first:  []string{`set title = 'one', modified_at = '2026-03-01T12:00:00Z'`},
		second: []string{`set title = 'two', modified_at = '2026-03-01T13:00:00Z'`},
		ends:   `body="b" modified_at="2026-03-01 13:00:00.000Z" title="two"`},
	{name: "timestamp/earlier", table: "tasks", row: `{"title": "t", "body": "b", "modified_at": "2026-03-01T10:00:00Z"}`,
		first:  []string{`set title = 'one', modified_at = '2026-03-01T12:00:00Z'`},
		second: []string{`set body = 'two', modified_at = '2026-03-01T11:00:00Z'`},
		ends:   `body="b" modified_at="2026-03-01 12:00:00.000Z" title="one"`, recorded: "second decided server"},

	{name: "version/counted by the device", table: "documents", row: `{"title": "t", "body": "b", "version": 1}`,
		first:  []string{`set title = 'one', version = version + 1`},
		second: []string{`set body = 'two', version = version + 1`},
		said:   "success, CONFLICT", ends: `body="b" title="one" version=2`,
		then: func(s *stage) {
			s.want("once more, after the sync", s.write(s.second, `set body = 'two', version = version + 1`), "success")
			s.want("the row", s.sync("documents", s.id), `body="two" title="one" version=3`)
		}},
	{name: "version/counted by the server", table: "documents", row: `{"title": "t", "version": 1}`,
		first: []string{`set title = 'one'`, `set title = 'more'`}, second: []string{`set title = 'two'`},
		said: "success, CONFLICT", ends: `title="more" version=3`},

	{name: "field level/times in columns", table: "patients",
		row:    `{"diagnosis": "d", "diagnosis_at": "2026-03-01T10:00:00Z", "vitals": "v", "vitals_at": "2026-03-01T10:00:00Z"}`,
		first:  []string{`set diagnosis = 'one', diagnosis_at = '2026-03-01T12:00:00Z'`},
		second: []string{`set diagnosis = 'two', diagnosis_at = '2026-03-01T11:00:00Z', vitals = 'two', vitals_at = '2026-03-01T11:00:00Z'`},
		ends:   `diagnosis="one" diagnosis_at="2026-03-01 12:00:00.000Z" vitals="two" vitals_at="2026-03-01 11:00:00.000Z"`, recorded: "second decided server"},
	{name: "field level/times in metadata", table: "charts",
		row:    `{"diagnosis": "d", "diagnosis_at": "2026-03-01T10:00:00Z", "vitals": "v", "vitals_at": "2026-03-01T10:00:00Z"}`,
		first:  []string{`about {"diagnosis":"2026-03-01T12:00:00Z"}: set diagnosis = 'one'`},
		second: []string{`about {"diagnosis":"2026-03-01T11:00:00Z","vitals":"2026-03-01T11:00:00Z"}: set diagnosis = 'two', vitals = 'two'`},
		ends:   `diagnosis="one" diagnosis_at="2026-03-01 12:00:00.000Z" vitals="two" vitals_at="2026-03-01 11:00:00.000Z"`, recorded: "second decided server"},

	{name: "business rules/locked", table: "orders", row: `{"status": "shipped", "quantity": 3}`,
		first: []string{`set status = 'completed'`}, second: []string{`set quantity = 2`},
		said: "success, UNAUTHORIZED", ends: `quantity=3 status="completed"`},
	{name: "business rules/order of states", table: "orders", row: `{"status": "pending", "quantity": 3}`,
		first: []string{`set status = 'cancelled'`}, second: []string{`set status = 'processing'`},
		said: "success, TRANSITION_NOT_ALLOWED", ends: `quantity=3 status="cancelled"`},
	{name: "business rules/never below zero", table: "orders", row: `{"status": "pending", "quantity": 3}`,
		first: []string{`set quantity = quantity - 2`}, second: []string{`set quantity = quantity - 2`},
		said: "success, UNAUTHORIZED", ends: `quantity=1 status="pending"`},
	{name: "business rules/approval", table: "orders", row: `{"status": "pending", "quantity": 3, "approved": 0}`,
		first: []string{`set quantity = 4`}, second: []string{`set approved = 1`},
		said: "success, UNAUTHORIZED", ends: `approved=0 quantity=4 status="pending"`},
	{name: "business rules/in code", table: "shipments", row: `{"status": "packed", "address": "here"}`,
		first: []string{`set status = 'sent'`}, second: []string{`set address = 'there'`, `set status = 'arrived'`},
		said: "success, ON_ITS_WAY", ends: `address="here" status="arrived"`},

	{name: "record conflicts", table: "contracts", row: `{"title": "t", "terms": "30 days"}`,
		first: []string{`set terms = '60 days'`}, second: []string{`set terms = '90 days', title = 'T'`},
		said: "success, CONFLICT_RECORDED", ends: `terms="60 days" title="t"`, recorded: "second open recorded",
		then: func(s *stage) {
			open := s.conflicts("row_id=" + s.id)[0]
			s.want("what the user is shown", string(open.ServerData), `{"terms":"60 days"}`)
			if status, answer := s.resolves(open.ID, "resolve", map[string]any{"take": "client"}); status != http.StatusOK {
				s.Errorf("resolving: %d %s", status, answer)
			}
			s.want("the row", s.sync("contracts", s.id), `terms="90 days" title="T"`)
			s.want("the conflict", s.onRecord(), "second resolved recorded")
		}},

	{name: "change status", table: "products", row: `{"name": "n", "price": 10}`,
		first: []string{`set price = 11`}, ends: `name="n" price=10`, then: changeStatus},

	{name: "cumulative", table: "inventory", row: `{"name": "n", "quantity": 10}`,
		first: []string{`set quantity = quantity - 3`}, second: []string{`set quantity = quantity - 4`},
		ends: `name="n" quantity=3`, recorded: "second decided merged"},
	{name: "cumulative/offline for long", table: "inventory", row: `{"name": "n", "quantity": 10}`,
		first: []string{`set quantity = quantity - 1`, `set quantity = quantity - 1`}, second: []string{`set quantity = quantity + 5`, `set quantity = quantity - 2`},
		ends: `name="n" quantity=11`, recorded: "second decided merged"},

	{name: "texts", table: "pages", row: `{"text": "One line.\nAnother line.\n"}`,
		first: []string{`set text = 'One first line.' || char(10) || 'Another line.' || char(10)`}, second: []string{`set text = 'One line.' || char(10) || 'Another last line.' || char(10)`},
		ends: `text="One first line.\nAnother last line.\n"`, recorded: "second decided merged"},
	{name: "decided in code", table: "prices", row: `{"price": 10, "remark": "-"}`,
		first: []string{`set price = 12, remark = 'one'`}, second: []string{`set price = 11, remark = 'two'`},
		ends: `price=12 remark="one; two"`, recorded: "second decided merged"},
}

// changeStatus: a device changes a product for its own eyes and asks for the change, in one transaction.
func changeStatus(s *stage) {
	for _, c := range []struct{ value, product, change string }{
		{"12", `name="n" price=12`, `field_name="price" new_value="12" row_id="` + s.id + `" status="applied"`},
		{"-1", `name="n" price=12`, `error_message="-1 is no price." field_name="price" new_value="-1" row_id="` + s.id + `" status="failed"`},
	} {
		change := s.row()
		s.second.run(s.T, []string{`UPDATE products SET price = ? WHERE id = ?`, c.value, s.id},
			[]string{`INSERT INTO field_changes (id, row_id, field_name, new_value, status) VALUES (?, ?, 'price', ?, 'pending')`, change, s.id, c.value})
		s.want("the upload", s.second.upload(s.T).String(), "success")
		s.want("the product", s.sync("products", s.id), c.product)
		s.want("the change", s.sync("field_changes", change), c.change)
	}
}
