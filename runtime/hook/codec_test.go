package hook

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

func fullRun() *Run {
	limits := DefaultLimits()
	limits.HostMS = 1 << 40
	return &Run{
		Hash: "h", Begin: true, User: &User{ID: "ü", Claims: jsontext.Value(`{"a":1}`), Provider: "p"}, Env: map[string]string{"A": "", "": "b"}, Limits: limits,
		Calls: []Call{
			{Function: BeforeWrite, Name: "todos", Argument: jsontext.Value(strings.Repeat(" ", 300) + "{}"), NowMS: -1, Seed: "s", DeliveryID: "d"},
			{},
		},
	}
}

// TestRunCrosses: every member, and what is empty, too.
func TestRunCrosses(t *testing.T) {
	bare := fullRun()
	bare.User, bare.Env, bare.Begin = nil, nil, false
	for name, run := range map[string]*Run{"full": fullRun(), "bare": bare, "nothing": {Calls: []Call{}}, "a user without anything": {User: &User{}, Calls: []Call{}}} {
		if got, err := decodeRun(EncodeRun(run)); err != nil || !reflect.DeepEqual(got, run) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, run)
		}
	}
}

// TestLimitsCross: none is forgotten.
func TestLimitsCross(t *testing.T) {
	var l Limits
	v := reflect.ValueOf(&l).Elem()
	if n := len(l.list()); n != v.NumField() {
		t.Fatalf("%d of %d limits cross", n, v.NumField())
	}
	for i, n := range l.list() {
		*n = i + 1
	}
	for i := range v.NumField() {
		if v.Field(i).Int() == 0 {
			t.Errorf("%s does not cross", v.Type().Field(i).Name)
		}
	}
}

// TestRunIsWhole: what is cut, and what has something behind it, is no Run.
func TestRunIsWhole(t *testing.T) {
	whole := EncodeRun(fullRun())
	for n := range whole {
		if _, err := decodeRun(whole[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes are a Run", n, len(whole))
		}
	}
	if _, err := decodeRun(append(whole, 0)); err == nil {
		t.Error("a byte behind it was not seen")
	}
}

// FuzzDecodeRun: any bytes are a Run that encodes to one like it, or an error; never a panic, never more memory than came.
func FuzzDecodeRun(f *testing.F) {
	f.Add([]byte{})
	f.Add(EncodeRun(fullRun()))
	f.Add(EncodeRun(&Run{}))
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, payload []byte) {
		run, err := decodeRun(payload)
		if err != nil {
			return
		}
		if len(run.Calls) > len(payload) || len(run.Env) > len(payload) {
			t.Fatalf("%d bytes are %d calls and %d settings", len(payload), len(run.Calls), len(run.Env))
		}
		if again, err := decodeRun(EncodeRun(run)); err != nil || !reflect.DeepEqual(again, run) {
			t.Fatalf("%+v became %+v, %v", run, again, err)
		}
	})
}

// TestRanIsWrittenOneWay: by hand or by reflection, the text is the same.
func TestRanIsWrittenOneWay(t *testing.T) {
	usual := func() Outcome {
		return Outcome{Result: Changed, Value: jsontext.Value(`{"a":",\"usage\":{\"duration_us\":"}`), Usage: Usage{DurationUS: 57}}
	}
	list := map[string]Ran{"usual": {Outcomes: []Outcome{usual()}}, "none": {Outcomes: []Outcome{}}, "two": {Outcomes: []Outcome{usual(), usual()}}, "retire": {Outcomes: []Outcome{usual()}, Retire: true}}
	for name, change := range map[string]func(*Outcome){
		"kept": func(o *Outcome) { o.Result, o.Value = Kept, nil }, "reason": func(o *Outcome) { o.Reason = "r" },
		"rejected": func(o *Outcome) { o.Result, o.Value, o.Rejection = Rejected, nil, &Rejection{Code: "c"} },
		"failed":   func(o *Outcome) { o.Result, o.Value, o.Failure = Failed, nil, &Failure{Class: ClassError} },
		"logs":     func(o *Outcome) { o.Logs = []Log{{Level: Info}} }, "logs dropped": func(o *Outcome) { o.LogsDropped = 1 },
		"effects": func(o *Outcome) { o.Effects = []Effect{{Outbox: "o", Payload: jsontext.Value("1")}} },
		"no time": func(o *Outcome) { o.Usage = Usage{} }, "waited": func(o *Outcome) { o.Usage.HostUS = 1 }, "asked": func(o *Outcome) { o.Usage.DBCalls = 1 }, "fetched": func(o *Outcome) { o.Usage.Fetches = 1 },
	} {
		o := usual()
		change(&o)
		list[name] = Ran{Outcomes: []Outcome{o}}
	}
	for name, ran := range list {
		want, err := json.Marshal(ran)
		if err != nil {
			t.Fatal(err)
		}
		got, err := encodeRan(&ran)
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: %s, %v, want %s", name, got, err, want)
		}
		quick := usualRan(got)
		if (quick != nil) != (name == "usual") {
			t.Errorf("%s: known by its bytes: %v", name, quick != nil)
		}
		if slow, err := Decode[Ran](got); err != nil || quick != nil && !reflect.DeepEqual(slow, quick) {
			t.Errorf("%s: by its bytes %+v, else %+v, %v", name, quick, slow, err)
		}
	}
}

// FuzzUsualRan: what is known by its bytes is what reading it as JSON gives, whoever wrote it.
func FuzzUsualRan(f *testing.F) {
	for _, middle := range []string{`{"a":1},"usage":{"duration_us":5`, `{"a":1},"usage":{"duration_us":05`, `{},"usage":{"duration_us":+5`, `{},"usage":{"duration_us":99999999999999999999`,
		`{"a":1,"a":2},"usage":{"duration_us":5`, "{\"a\":\"\xff\"},\"usage\":{\"duration_us\":5", `{"a":"\ud800"},"usage":{"duration_us":5`, `{},"usage":{"duration_us":5}},{"result":"changed","value":{},"usage":{"duration_us":5`,
		` {} ,"usage":{"duration_us":1`, `{},"reason":"x","usage":{"duration_us":1`, `,"usage":{"duration_us":1`, `[1],"usage":{"duration_us":1`} {
		f.Add([]byte(usualHead + middle + usualEnd))
	}
	f.Add([]byte(usualHead + usualEnd))
	f.Fuzz(func(t *testing.T, payload []byte) {
		quick := usualRan(payload)
		if quick == nil {
			return
		}
		slow, err := Decode[Ran](payload)
		if err != nil {
			t.Fatalf("%s was taken, and is no answer: %v", payload, err)
		}
		quick.Outcomes[0].Value = bytes.TrimSpace(quick.Outcomes[0].Value) // as the slow one does
		if !reflect.DeepEqual(quick, slow) {
			t.Fatalf("%s is %+v, and was taken for %+v", payload, slow, quick)
		}
	})
}
