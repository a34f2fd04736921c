//go:build connectors

package toolchain

import "fmt"

const (
	success      = `{"status":"success"}`
	notAttempted = `{"status":"not_attempted"}`
	refused      = `{"status":"fatal_error","requires_client_handling":false,"rejection_id":"rej_1","failed_operation":{"error_code":"UNAUTHORIZED","message":"Not yours.","operation_index":0}}`
	refusedBare  = `{"status":"fatal_error","requires_client_handling":false,"message":"It broke a rule.","failed_operation":{"error_code":"CHECK_VIOLATION"}}`
	waits        = `{"status":"fatal_error","requires_client_handling":true,"message":"Ask the user.","failed_operation":{"error_code":"CONFLICT"}}`
	later        = `{"status":"retryable_error","message":"The source is down.","retry_after_ms":20}`
)

// row is one of the upload queue, as SQLite has it.
type row struct {
	ID   int    `json:"id"`
	TxID int    `json:"tx_id"`
	Data string `json:"data"`
}

// step is what a connector is told to do, and what it is expected to conclude.
type step struct {
	do       string // upload or credentials
	fails    string // part of the error's text; empty: it succeeds
	left     []int  // ids of the queue afterwards
	endpoint string // of credentials; empty: nobody is signed in
	token    string
}

// scenario is one life of a connector.
type scenario struct {
	name  string
	user  string // a development user
	token string // of a provider
	queue []row
	// What the server does: prepared answers come first, then the usual ones; results by transaction id.
	tokens, uploads []answer
	results         map[string]string
	steps           []step
	// What is expected: the requests' addresses in order, the transactions of all uploads, and what the app was told.
	requests []string
	rejected []string
}

// The queue of most scenarios: three transactions, of all kinds of operations and values.
var three = []row{
	{1, 1, `{"op":"PUT","type":"lists","id":"l1","data":{"name":"Trip \"é\" $x ${y} 💡","position":9007199254740993,"weight":1.5,"archived":0}}`},
	{2, 2, `{"op":"PATCH","type":"lists","id":"l1","data":{"name":"Sea","note":null},"old":{"name":"Trip","position":-3,"note":"2026-01-02T03:04:05Z"},"metadata":"by hand"}`},
	{3, 2, `{"op":"DELETE","type":"todos","id":"t1","old":{"done":1}}`},
	{7, 5, `{"op":"PATCH","type":"lists","id":"l2","data":{"position":2}}`},
}

// threeSent is what of it must arrive, to the letter.
const threeSent = `[
	{"transaction_id":1,"crud":[{"op":"PUT","table":"lists","id":"l1","op_id":1,"transaction_id":1,"op_data":{"name":"Trip \"é\" $x ${y} 💡","position":9007199254740993,"weight":1.5,"archived":0}}]},
	{"transaction_id":2,"crud":[
		{"op":"PATCH","table":"lists","id":"l1","op_id":2,"transaction_id":2,"op_data":{"name":"Sea","note":null},"previous_values":{"name":"Trip","position":-3,"note":"2026-01-02T03:04:05Z"},"metadata":"by hand"},
		{"op":"DELETE","table":"todos","id":"t1","op_id":3,"transaction_id":2,"previous_values":{"done":1}}]},
	{"transaction_id":5,"crud":[{"op":"PATCH","table":"lists","id":"l2","op_id":7,"transaction_id":5,"op_data":{"position":2}}]}
]`

const token, data = "POST /token", "POST /api/data"

// scenarios is the table for every language.
func scenarios() []scenario {
	unauthorized := answer{status: 401, body: `{"message":"expired","code":"token_expired"}`}
	busy := answer{status: 503, header: map[string]string{"Retry-After": "0"}, body: `{"detail":"The instance has no database.","code":"source_down","message":"unavailable","retry_after_ms":20}`}
	list := []scenario{
		{name: "all is applied", user: "ann", queue: three, steps: []step{{do: "upload"}}, requests: []string{token, data}},
		{name: "nothing to upload", user: "ann", steps: []step{{do: "upload"}}},
		{name: "a refused transaction leaves the queue, and the app is told", user: "ann", queue: three, results: map[string]string{"2": refused},
			steps: []step{{do: "upload"}}, requests: []string{token, data}, rejected: []string{"UNAUTHORIZED|Not yours.|rej_1"}},
		{name: "two are refused, one without a message of its own", user: "ann", queue: three, results: map[string]string{"1": refused, "5": refusedBare},
			steps: []step{{do: "upload"}}, requests: []string{token, data}, rejected: []string{"UNAUTHORIZED|Not yours.|rej_1", "CHECK_VIOLATION|It broke a rule.|"}},
		{name: "one waits for the app: what is before it is done, the rest stays", user: "ann", queue: three, results: map[string]string{"2": waits},
			steps: []step{{do: "upload", fails: "Ask the user.", left: []int{2, 3, 7}}}, requests: []string{token, data}},
		{name: "the first has to wait, and nothing is lost", user: "ann", queue: three, results: map[string]string{"1": later},
			steps: []step{{do: "upload", fails: "The source is down.", left: []int{1, 2, 3, 7}}}, requests: []string{token, data}},
		{name: "one in the middle has to wait", user: "ann", queue: three, results: map[string]string{"1": refused, "2": later}, steps: []step{{do: "upload", fails: "The source is down.", left: []int{2, 3, 7}}},
			requests: []string{token, data}, rejected: []string{"UNAUTHORIZED|Not yours.|rej_1"}},
		{name: "503: all stays, and the next upload says what the last one met", user: "ann", queue: three, uploads: []answer{busy},
			steps: []step{{do: "upload", fails: "The instance has no database.", left: []int{1, 2, 3, 7}}, {do: "upload"}}, requests: []string{token, data, data}},
		{name: "a proxy's page instead of an answer", user: "ann", queue: three, uploads: []answer{{status: 502, body: "<html>bad gateway</html>"}},
			steps: []step{{do: "upload", fails: "502", left: []int{1, 2, 3, 7}}}, requests: []string{token, data}},
		{name: "401: another token, once", user: "ann", queue: three, uploads: []answer{unauthorized}, steps: []step{{do: "upload"}}, requests: []string{token, data, token, data}},
		{name: "401 twice", user: "ann", queue: three, uploads: []answer{unauthorized, unauthorized},
			steps: []step{{do: "upload", fails: "expired", left: []int{1, 2, 3, 7}}}, requests: []string{token, data, token, data}},
		{name: "a provider's token is exchanged", token: "theirs", queue: three, steps: []step{{do: "upload"}}, requests: []string{token, data}},
		{name: "no token is given", user: "ann", queue: three, tokens: []answer{{status: 403, body: `{"detail":"Not this user.","code":"forbidden"}`}},
			steps: []step{{do: "upload", fails: "Not this user.", left: []int{1, 2, 3, 7}}}, requests: []string{token}},
		{name: "nobody is signed in", queue: three, steps: []step{{do: "upload", fails: "signed in", left: []int{1, 2, 3, 7}}, {do: "credentials", left: []int{1, 2, 3, 7}}}},
		{name: "credentials are fetched anew each time, and the upload takes the last", user: "ann", queue: three, steps: []step{
			{do: "credentials", endpoint: "https://sync.example.com", token: "minted-1", left: []int{1, 2, 3, 7}},
			{do: "credentials", endpoint: "https://sync.example.com", token: "minted-2", left: []int{1, 2, 3, 7}}, {do: "upload"}}, requests: []string{token, token, data}},
	}
	for name, body := range map[string]string{
		"too few results": `{"results":[]}`, "no results": `{"ok":true}`, "a list": `[]`, "no JSON": `<html></html>`, "an unknown status": `{"results":[{"status":"fine"}]}`, "no status": `{"results":[{}]}`,
		"no flag":     `{"results":[{"status":"fatal_error","failed_operation":{"error_code":"X"}}]}`,
		"flag a text": `{"results":[{"status":"fatal_error","requires_client_handling":"false","failed_operation":{"error_code":"X"}}]}`,
		"no code":     `{"results":[{"status":"fatal_error","requires_client_handling":false}]}`,
	} {
		list = append(list, scenario{name: "a malformed answer completes nothing: " + name, user: "ann", queue: three[:1], uploads: []answer{{body: body}},
			steps: []step{{do: "upload", fails: "*", left: []int{1}}, {do: "upload"}}, requests: []string{token, data, data}})
	}
	return append(list, bulk("51 transactions are two requests", 51, 1), bulk("1,200 operations are two requests, and no transaction is cut", 3, 600))
}

// bulk is a queue of so many transactions of so many operations.
func bulk(name string, transactions, operations int) scenario {
	s := scenario{name: name, user: "ann", steps: []step{{do: "upload"}}, requests: []string{token, data, data}}
	for t := range transactions {
		for range operations {
			n := len(s.queue) + 1
			s.queue = append(s.queue, row{n, t + 1, fmt.Sprintf(`{"op":"PUT","type":"lists","id":"l%d","data":{"position":%d}}`, n, n)})
		}
	}
	return s
}
