package connect

// Checked says how far an SDK's files are checked by our tests.
type Checked string

// How far: see the package's comment.
const (
	CheckedWire     Checked = "wire"
	CheckedRequests Checked = "requests"
	NotRun          Checked = "not run"
)

// check is how far one SDK's files are checked, and by which tools.
type check struct {
	how  Checked
	with string
}

// checks is the one place that says it; what web/e2e/connect.mjs and the folder toolchain do is all that may be claimed. Who
// looks at one again with other tools writes their versions here.
var checks = map[string]check{
	"node":         {CheckedWire, "@powersync/node 1.1 on Node 24"},
	"web":          {CheckedWire, "@powersync/web 2.4, types and schema; on Node 24, where the database of @powersync/node stands in for the browser's"},
	"react-native": {CheckedWire, "@powersync/react-native 2.1, types and schema; on Node 24, where the database of @powersync/node stands in for the phone's"},
	"dart":         {how: NotRun},
	"kotlin":       {CheckedRequests, "Kotlin 2.4 on Java 17 with its coroutines; doubles stand in for Ktor and kotlinx.serialization, too"},
	"swift":        {CheckedRequests, "Swift 6.0 on Linux, in its strictest mode, with its Foundation"},
	"dotnet":       {CheckedRequests, "Mono 6.8 (C# 7) with its HttpClient and Newtonsoft.Json 6"},
	"rust":         {CheckedRequests, "rustc 1.95 with reqwest 0.11, tokio 1.24, serde_json 1.0 and rusqlite 0.28"},
}
