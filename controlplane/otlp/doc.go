// Package otlp speaks OTLP over HTTP, in protobuf: the controlplane.Exporter of installations. It turns log entries into spans
// and log records, and counters into data points, and sends one request. It must not know what was sent before, when to try
// again, or where entries are stored: the domain decides that (controlplane/export_turn.go). The client that it is given decides
// which addresses are called (internal/dial).
//
//	entry of a transaction            span "upload"                      one trace for each request of a device
//	 ├─ steps of its trace             ├─ "hook todos.beforeWrite"
//	 │                                 └─ "database read"
//	 └─ the same, and every other      log record, with the ids of its trace and span
//	counters since they are exported  sums and histograms that only grow ("cumulative")
//
// # What is not in it
//
// No values of rows: entries hold none. No messages in spans, since hooks write theirs; log records have them, they are the log. Users
// and devices are named only where the export says so.
//
// # Repetitions
//
// Ids of traces and spans are made from the instance, the request and the entry's number. Something that is sent again, because
// the receiver's answer was lost, has the ids that it had; sums are the same or larger.
package otlp
