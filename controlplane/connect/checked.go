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
	"kotlin":       {how: NotRun},
	"swift":        {how: NotRun},
	"dotnet":       {how: NotRun},
	"rust":         {how: NotRun},
}
