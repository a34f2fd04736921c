package upload_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// kinds is a table with a column of each type, and one that the configuration does not know.
const kinds = `
  kinds:
    %s
    id: %s
    allow: {create: "true", update: "true", delete: "true"}
    deletes: tombstone
    fields:
      big: {type: int64}
      at: {type: date}
      ref: {type: uuid}
      cost: {type: decimal}
      raw: {type: binary}
      done: {type: bool}
      meta: {type: json}
      tags: {type: array, of: string}
      city: {path: place.city, type: string}
      seen: {path: place.seen, type: date}
  numbered:
    %s
    id: int64
    fields: {name: {type: string}}
`

// dbWorlds runs a test on both databases, with the tables that tests of ctx.db have beside the others, and real workers.
func dbWorlds(t *testing.T, test func(t *testing.T, w *world, p *pooled)) {
	p := &pooled{Pool: newPool(t)}
	t.Run("mongodb", func(t *testing.T) {
		test(t, mongoWorld(t, fmt.Sprintf(kinds, "collection: Kinds", "objectid", "collection: Numbered")), p)
	})
	t.Run("postgres", func(t *testing.T) {
		w := postgresWorld(t, fmt.Sprintf(kinds, "table: public.kinds\n    key: id", "uuid", "table: public.numbered\n    key: id"))
		w.sql(`CREATE TABLE kinds (id uuid PRIMARY KEY, big bigint, at timestamptz, ref uuid, cost numeric, raw bytea, done boolean, meta jsonb, tags text[], place jsonb, secret integer);
			CREATE TABLE numbered (id bigint PRIMARY KEY, name text)`)
		test(t, w, p)
	})
}

// asks makes hooks of todos that run code with ctx.db: the write's title says which, and gets the answer as JSON.
func (w *world) asks(p *pooled, code map[string]string) {
	w.t.Helper()
	var cases strings.Builder
	for name, text := range code {
		fmt.Fprintf(&cases, "%q: async (db, write, ctx) => { %s },\n", name, w.expand(text))
	}
	w.hook(p, "hooks/todos.ts", `const cases: any = {`+cases.String()+`};
		const caught = async (p: any) => { try { return await p; } catch (e) { return e.code ?? e.name; } };
		export default {
			async beforeWrite(write: any, ctx: any) {
				const run = cases[write.data?.title];
				return run ? { ...write.data, title: JSON.stringify(await run(ctx.db, write, ctx)) } : undefined;
			},
			async afterWrite(change: any, ctx: any) {
				const run = cases["after " + change.new?.status];
				if (run) await run(ctx.db, change, ctx);
			},
		}`)
}

// questions counts the rows that the worlds' questions have made.
var questions atomic.Int64

// ask runs one of those, on a new row, and gives the answer.
func (w *world) ask(name string) string {
	w.t.Helper()
	n := int(100 + questions.Add(1))
	w.want(transactions(crud(fmt.Sprintf(`{"op":"PUT","table":"todos","id":%q,"data":{"owner_id":"u1","title":%q}}`, w.id(n), name))), "success")
	_, title, _ := strings.Cut(w.row("todos", n), "title=")
	return title
}

// question is code with ctx.db, and what it is to answer.
type question struct{ code, want string }

// answers asks them all.
func (w *world) answers(p *pooled, questions map[string]question) {
	w.t.Helper()
	code := map[string]string{}
	for name, q := range questions {
		code[name] = q.code
	}
	w.asks(p, code)
	for name, q := range questions {
		if got := w.ask(name); got != w.expand(q.want) {
			w.t.Errorf("%s: %s answers %s, want %s", name, q.code, got, w.expand(q.want))
		}
	}
}

func list(n int, data string) string {
	return fmt.Sprintf(`{"op":"PUT","table":"lists","id":"{%d}","data":{%s}}`, n, data)
}

func TestHooksQueryTheDatabase(t *testing.T) {
	dbWorlds(t, func(t *testing.T, w *world, p *pooled) {
		key := map[bundle.SourceType]string{bundle.MongoDB: "_id", bundle.PostgreSQL: "id"}[w.kind]
		w.want(transactions(crud(list(1, `"name":"a","code":"x"`), list(2, `"name":"b","code":"y"`), list(3, `"name":"c"`))), "success")
		names := func(args string) string {
			return `return (await db.collection("lists").find(` + args + `)).map((r) => r.name).join("")`
		}
		cases := map[string]question{
			"one":              {`return await db.collection("lists").findOne({name: "a"})`, `{"` + key + `":"{1}","name":"a","code":"x"}`},
			"none":             {`return await db.collection("lists").findOne({name: "z"})`, `null`},
			"absent is null":   {`return (await db.collection("lists").findOne({name: "c"})).code`, `null`},
			"by id":            {`return (await db.collection("lists").findOne({id: "{2}"})).name`, `"b"`},
			"by key":           {`return (await db.collection("lists").findOne({` + key + `: "{2}"})).name`, `"b"`},
			"ids in a list":    {names(`{id: {$in: ["{3}", "{1}"]}}`), `"ac"`},
			"after an id":      {names(`{id: {$gt: "{1}"}}`), `"bc"`},
			"all":              {names(``), `"abc"`},
			"equal":            {names(`{code: {$eq: "x"}}`), `"a"`},
			"not equal":        {names(`{code: {$ne: "x"}}`), `"bc"`},
			"range":            {names(`{name: {$gt: "a", $lte: "c"}}`), `"bc"`},
			"null":             {names(`{code: null}`), `"c"`},
			"not null":         {names(`{code: {$ne: null}}`), `"ab"`},
			"in with null":     {names(`{code: {$in: ["y", null]}}`), `"bc"`},
			"in nothing":       {names(`{code: {$in: []}}`), `""`},
			"both":             {names(`{code: "x", name: "b"}`), `""`},
			"sort":             {names(`{}, {sort: {name: -1}}`), `"cba"`},
			"sort by null":     {names(`{}, {sort: {code: 1}}`), `"cab"`},
			"limit, skip":      {names(`{}, {sort: {name: 1}, limit: 1, skip: 1}`), `"b"`},
			"first of many":    {`return (await db.table("lists").findOne({}, {sort: {name: -1}, skip: 1})).name`, `"b"`},
			"fields":           {`return await db.collection("lists").find({name: "a"}, {fields: ["code"]})`, `[{"` + key + `":"{1}","code":"x"}]`},
			"absent fields":    {`return await db.collection("lists").findOne({name: "c"}, {fields: ["code"]})`, `{"` + key + `":"{3}","code":null}`},
			"count":            {`return [await db.collection("lists").count(), await db.collection("lists").count({code: null}), await db.collection("lists").count({name: "z"})]`, `[3,1,0]`},
			"by source's name": {`return await db.collection("` + map[bundle.SourceType]string{bundle.MongoDB: "Lists", bundle.PostgreSQL: "public.lists"}[w.kind] + `").count()`, `3`},
			"no such table":    {`return await caught(db.collection("secrets").find())`, `"unknown_table"`},
			"no such operator": {`return await caught(db.collection("lists").find({name: {$regex: "a"}}))`, `"TypeError"`},
			"where":            {`return await caught(db.collection("lists").find({$where: "1"}))`, `"TypeError"`},
			"operator below":   {`return await caught(db.collection("lists").find({"a.$where": "1"}))`, `"unknown_field"`},
			"operator inside":  {`return await caught(db.collection("todos").find({items: [{$where: 1}]}))`, map[bundle.SourceType]string{bundle.MongoDB: `"invalid_value"`, bundle.PostgreSQL: `"invalid_query"`}[w.kind]},
			"less than null":   {`return await caught(db.collection("lists").find({name: {$lt: null}}))`, `"invalid_query"`},
			"too many":         {`return await caught(db.collection("lists").find({}, {limit: 1001}))`, `"invalid_query"`},
			"wrong type":       {`return await caught(db.collection("todos").find({count: "many"}))`, `"invalid_value"`},
			"wrong id":         {`return await caught(db.collection("lists").findOne({id: "1"}))`, `"invalid_value"`},
			"fields inside":    {`return await caught(db.collection("todos").find({}, {fields: ["place.city"]}))`, `"invalid_query"`},
			"goes on":          {`await caught(db.collection("nope").find()); await caught(db.collection("lists").find({name: {$lt: null}})); return await db.collection("lists").count()`, `3`},
		}
		if w.kind == bundle.PostgreSQL {
			cases["no such column"] = question{`return await caught(db.collection("lists").find({nope: 1}))`, `"unknown_field"`}
			cases["inside JSON"] = question{`return await caught(db.collection("todos").find({"place.city": "Rome"}))`, `"invalid_query"`}
			cases["short name"] = question{`return await db.collection("kinds").count()`, `0`}
		}
		w.answers(p, cases)
	})
}

func TestHooksWriteToTheDatabase(t *testing.T) {
	dbWorlds(t, func(t *testing.T, w *world, p *pooled) {
		const set = `const lists = db.collection("lists"); await lists.deleteOne({id: "{5}"}); await lists.insertOne({id: "{5}", name: "old", code: "o"});`
		cases := map[string]struct{ code, want, row string }{
			"insert":             {`await db.collection("lists").deleteOne({id: "{5}"}); return await db.collection("lists").insertOne({id: "{5}", name: "new"})`, `{"insertedId":"{5}"}`, "name=new"},
			"insert twice":       {set + `return await caught(lists.insertOne({id: "{5}", name: "again"}))`, `"duplicate_key"`, "code=o name=old"},
			"update":             {set + `return [await lists.updateOne({name: "old"}, {code: "p"}), (await lists.findOne({code: "p"})).name]`, `[{"matchedCount":1,"modifiedCount":1},"old"]`, "code=p name=old"},
			"update with $set":   {set + `return await lists.updateOne({id: "{5}"}, {$set: {name: "set", code: null}})`, `{"matchedCount":1,"modifiedCount":1}`, "name=set"},
			"update to the same": {set + `return await lists.updateOne({id: "{5}"}, {name: "old"})`, `{"matchedCount":1,"modifiedCount":0}`, "code=o name=old"},
			"update nothing":     {set + `return await lists.updateOne({name: "nobody"}, {name: "x"})`, `{"matchedCount":0,"modifiedCount":0}`, "code=o name=old"},
			"update twice":       {set + `await lists.updateOne({id: "{5}"}, {name: "b"}); await lists.updateOne({name: "b"}, {name: "c"}); return (await lists.findOne({id: "{5}"})).name`, `"c"`, "code=o name=c"},
			"delete":             {set + `return [await lists.deleteOne({name: "old"}), await lists.deleteOne({name: "old"}), await lists.findOne({id: "{5}"})]`, `[{"deletedCount":1},{"deletedCount":0},null]`, ""},
			"delete and insert":  {set + `await lists.deleteOne({id: "{5}"}); await lists.insertOne({id: "{5}", name: "anew"}); return await lists.count({id: "{5}"})`, `1`, "name=anew"},
			"the first by key":   {`const lists = db.collection("lists"); for (const id of ["{7}", "{6}"]) await lists.insertOne({id, name: "pair"}); await lists.updateOne({name: "pair"}, {name: "first"}); const r = (await lists.findOne({name: "first"})); await lists.deleteOne({name: "pair"}); await lists.deleteOne({name: "first"}); return r.id ?? r._id`, `"{6}"`, "*"},
			"change the key":     {set + `return await caught(lists.updateOne({name: "old"}, {id: "{6}"}))`, `"invalid_value"`, "code=o name=old"},
			"wrong type":         {set + `return await caught(lists.updateOne({name: "old"}, {name: {a: 1}}))`, `"invalid_value"`, "code=o name=old"},
			"an operator":        {set + `return await caught(lists.updateOne({name: "old"}, {$inc: {n: 1}}))`, `"TypeError"`, "code=o name=old"},
			"a dotted document":  {`return await caught(db.collection("todos").insertOne({"place.city": "Rome"}))`, `"invalid_query"`, "*"},
			"numbers need ids":   {`const n = db.collection("numbered"); const no = await caught(n.insertOne({name: "x"})); await n.deleteOne({}); return [no, await n.insertOne({id: "9007199254740993", name: "y"}), (await n.findOne({id: "9007199254740993"})).name]`, `["id_required",{"insertedId":"9007199254740993"},"y"]`, "*"},
		}
		code := map[string]string{"made": `const lists = db.collection("lists"); const ids = []; for (let i = 0; i < 3; i++) ids.push((await lists.insertOne({name: "made"})).insertedId); const found = await lists.find({name: "made"});
			for (const id of ids) await lists.deleteOne({id}); return new Set(ids).size === 3 && found.length === 3 && ids.every((id) => found.some((r) => (r.id ?? r._id) === id)) && ids[0]`}
		for name, c := range cases {
			code[name] = c.code
		}
		w.asks(p, code)
		for name, c := range cases {
			if got := w.ask(name); got != w.expand(c.want) {
				t.Errorf("%s: %s answers %s, want %s", name, c.code, got, w.expand(c.want))
			}
			if got := w.row("lists", 5); c.row != "*" && got != c.row {
				t.Errorf("%s: the row is %q, want %q", name, got, c.row)
			}
		}
		if id := strings.Trim(w.ask("made"), `"`); len(id) != len(w.id(1)) {
			t.Errorf("ids that are made: %s", id)
		}
	})
}

// Each type goes into the database as what it is, is found by the value that hooks see, and comes back as that.
func TestHooksKeepTypes(t *testing.T) {
	const document = `{big: "9007199254740993", at: "2026-01-31T12:00:05.678Z", ref: "0190A6B0-0000-7000-8000-00000000000A", cost: "19.90", raw: "AP8=", done: true, meta: {b: [1.5, "x"], a: null}, tags: ["x", "y"]}`
	dbWorlds(t, func(t *testing.T, w *world, p *pooled) {
		find := `const k = db.collection("kinds"); await k.deleteOne({}); await k.insertOne({id: "{1}", ...` + document + `}); const r = await k.findOne({id: "{1}"}); `
		cases := map[string]question{
			"back":     {find + `return [r.big, r.at, r.ref, r.cost, r.raw, r.done, r.meta.b, r.tags]`, `["9007199254740993","2026-01-31T12:00:05.678Z","0190a6b0-0000-7000-8000-00000000000a","19.90","AP8=",true,[1.5,"x"],["x","y"]]`},
			"by value": {find + `const n = []; for (const f of ["big", "at", "ref", "cost", "raw", "done", "tags"]) n.push(await k.count({[f]: r[f]})); return n`, `[1,1,1,1,1,1,1]`},
			"near":     {find + `return [await k.count({big: "9007199254740992"}), await k.count({cost: {$gt: "19.89", $lt: 20}}), await k.count({at: {$gte: new Date("2026-01-31T12:00:05.679Z")}}), await k.count({done: false})]`, `[0,1,0,0]`},
			"small":    {find + `await k.updateOne({id: "{1}"}, {big: 7, at: new Date(0), raw: null, cost: 0.5}); const s = await k.findOne({big: 7}); return [s.big, s.at, s.raw, s.cost, s.ref]`, `[7,"1970-01-01T00:00:00.000Z",null,"0.5","0190a6b0-0000-7000-8000-00000000000a"]`},
			"nested":   {find + `await k.updateOne({id: "{1}"}, {"place.city": "Rome"}); await k.updateOne({id: "{1}"}, {"place.seen": "2026-01-31T00:00:00.000Z"}); return (await k.findOne({id: "{1}"})).place`, `{"city":"Rome","seen":"2026-01-31T00:00:00.000Z"}`},
			"unlisted": {find + `await k.updateOne({id: "{1}"}, {secret: 42}); return (await k.findOne({secret: 42})).secret`, `42`},
			"left":     {find + `return await caught(k.updateOne({id: "{1}"}, {big: "1", at: "soon"})) + (await k.findOne({id: "{1}"})).big`, `"invalid_value9007199254740993"`},
		}
		if w.kind == bundle.MongoDB {
			place := find + `await k.updateOne({id: "{1}"}, {place: {city: "Rome", seen: "2026-01-31T00:00:00.000Z", floor: 2}}); `
			cases["inside"] = question{place + `return [await k.count({"place.city": "Rome"}), await k.count({"place.seen": {$lt: "2026-02-01T00:00:00.000Z"}}), await k.count({"place.floor": {$gte: 2}}), await k.count({"place.none": null}), await k.count({tags: "y"}), await k.count({"meta.b": "x"})]`, `[1,1,1,1,1,1]`}
		}
		w.answers(p, cases)
		w.ask("back")
		if got := w.row("kinds", 1); got != "at=2026-01-31T12:00:05.678Z big=9007199254740993L cost=19.90 done=true meta={b=[1.5 x]} raw=[0 255] ref=0190a6b0-0000-7000-8000-00000000000a tags=[x y]" {
			t.Errorf("stored: %s", got)
		}
	})
}

// Operations of the same transaction are seen, and what code does to the rows of later ones counts for those.
func TestHooksShareTheTransactionsRows(t *testing.T) {
	dbWorlds(t, func(t *testing.T, w *world, p *pooled) {
		todo := func(op string, n int, data string) string {
			return fmt.Sprintf(`{"op":%q,"table":"todos","id":"{%d}","data":{%s}}`, op, n, data)
		}
		w.asks(p, map[string]string{
			"sees":         `return [await db.collection("lists").count({name: "earlier"}), await db.collection("todos").count({status: "open"})]`,
			"writes later": `const no = await caught(db.collection("todos").updateOne({id: "{2}"}, {city: "the client's name"})); if (no !== "unknown_field") throw new Error(no); return await db.collection("todos").updateOne({id: "{2}"}, {title: "by code", count: 5})`,
			"takes later":  `return await db.collection("todos").deleteOne({id: "{2}"})`,
			"makes later":  `return await db.collection("todos").insertOne({id: "{3}", owner_id: "u1", title: "by code"})`,
			"own":          `return [await caught(db.collection("todos").updateOne({id: write.id}, {count: 1})), await caught(db.collection("todos").deleteOne({id: write.id})), await caught(db.collection("todos").insertOne({id: write.id, owner_id: "u1"}))]`,
			"after done":   `const out = await caught(db.collection("todos").updateOne({id: write.id}, {count: 1})); await db.collection("lists").insertOne({id: "{8}", name: out})`,
		})
		w.want(transactions(crud(list(1, `"name":"earlier"`), todo("PUT", 1, `"owner_id":"u1","status":"open"`), todo("PUT", 2, `"owner_id":"u1","title":"sees"`))), "success")
		if got := w.row("todos", 2); got != `owner_id=u1 title=[1,1]` {
			t.Errorf("what earlier operations did: %s", got)
		}
		w.want(transactions(crud(todo("PATCH", 1, `"title":"writes later"`), todo("PATCH", 2, `"done":1`))), "success")
		if got := w.row("todos", 2); got != `count=5 done=true owner_id=u1 title=by code` {
			t.Errorf("a row that code wrote before its operation: %s", got)
		}
		w.want(transactions(crud(todo("PATCH", 1, `"title":"takes later"`), todo("PATCH", 2, `"done":0`))), "success")
		if got := w.row("todos", 2); got != "" {
			t.Errorf("a row that code deleted before its operation: %s", got)
		}
		w.want(transactions(crud(todo("PATCH", 1, `"title":"makes later"`), todo("PATCH", 3, `"done":1`))), "success")
		if got := w.row("todos", 3); got != "done=true owner_id=u1 title=by code" {
			t.Errorf("a row that code made before its operation: %s", got)
		}
		for _, c := range []struct {
			op   string
			n    int
			want string
		}{{"PATCH", 1, `["own_row","own_row","own_row"]`}, {"PUT", 4, `[{"matchedCount":0,"modifiedCount":0},{"deletedCount":0},"own_row"]`}} {
			w.want(transactions(crud(todo(c.op, c.n, `"owner_id":"u1","title":"own"`))), "success")
			if got := w.row("todos", c.n); !strings.HasSuffix(got, "title="+c.want) {
				t.Errorf("%s of its own row: %s", c.op, got)
			}
		}
		w.want(transactions(crud(todo("PATCH", 1, `"status":"done"`))), "success")
		if got := w.row("lists", 8); got != "name=own_row" {
			t.Errorf("afterWrite of its own row: %s", got)
		}
	})
}

func TestHooksLeaveNothingOfWhatIsRefused(t *testing.T) {
	dbWorlds(t, func(t *testing.T, w *world, p *pooled) {
		const insert = `await db.collection("lists").insertOne({id: "{1}", name: "x", code: "taken"});`
		w.want(transactions(crud(list(2, `"name":"first","code":"taken"`))), "success")
		w.asks(p, map[string]string{
			"rejects":    `await db.collection("lists").insertOne({id: "{1}", name: "x"}); ctx.reject("NO_MORE", "no")`,
			"throws":     `await db.collection("lists").updateOne({id: "{2}"}, {name: "changed"}); throw new Error("oops")`,
			"violates":   insert,
			"catches":    `try { ` + insert + ` } catch {} return "fine"`,
			"after open": `await db.collection("lists").deleteOne({id: "{2}"}); ctx.reject("NOT_NOW")`,
			"many":       `let n = 0; try { for (; n < 60; n++) await db.collection("lists").count(); } catch (e) { return [n, e.code]; }`,
			"large":      `const l = db.collection("lists"); const name = "x".repeat(60000); for (let i = 0; i < 10; i++) await l.insertOne({name}); const out = await caught(l.find({name})); for (let i = 0; i < 10; i++) await l.deleteOne({name}); return [out, await l.count()]`,
			"fits":       `const l = db.collection("lists"); const name = "é".repeat(29000); for (let i = 0; i < 8; i++) await l.insertOne({name}); const out = (await l.find({name})).length; for (let i = 0; i < 8; i++) await l.deleteOne({name}); return out`,
		})
		for title, want := range map[string]string{"rejects": "NO_MORE", "throws": "hook_error", "violates": "UNIQUE_VIOLATION", "catches": "UNIQUE_VIOLATION"} {
			w.want(transactions(crud(fmt.Sprintf(`{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","title":%q}}`, title))), "fatal_error "+want+" 0")
		}
		w.want(transactions(crud(`{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","status":"open"}}`)), "fatal_error NOT_NOW 0")
		if got := w.row("lists", 1) + w.row("lists", 2) + w.row("todos", 1); got != "code=taken name=first" {
			t.Errorf("stored: %s", got)
		}
		if got := w.ask("many"); got != `[50,"too_many_calls"]` {
			t.Errorf("calls: %s", got)
		}
		if got := w.ask("large"); got != `["too_large",1]` {
			t.Errorf("a large answer: %s", got)
		}
		if got := w.ask("fits"); got != `8` {
			t.Errorf("an answer of 464 kB: %s", got)
		}
	})
}

// A commit whose answer is lost, and a conflict on the way, leave the code's writes once.
func TestHooksWriteOnce(t *testing.T) {
	dbWorlds(t, func(t *testing.T, w *world, p *pooled) {
		const count = `beforeWrite: async (write, ctx) => { const l = ctx.db.collection("lists"); const r = await l.findOne({name: "counter"});
			await l.updateOne({name: "counter"}, {code: String(Number(r.code) + 1)}); await ctx.db.collection("kinds").insertOne({big: Number(r.code)}); }`
		w.want(transactions(crud(list(1, `"name":"counter","code":"0"`))), "success")
		lossy := &forgetful{Source: w.src}
		w.engine = w.hooked(p, lossy, nil, todos(count)...)
		for n := range 3 {
			body := from("c1", crud(fmt.Sprintf(`{"op":"PUT","table":"todos","op_id":%d,"id":"{2}","data":{"owner_id":"u1","count":%d}}`, n+1, n)))
			for range 2 { // the client sends it again, too
				w.want(body, "success")
			}
		}
		if got := w.row("lists", 1); lossy.lost != 1 || got != "code=3 name=counter" {
			t.Errorf("after %d lost answers the counter is %s", lossy.lost, got)
		}
		w.asks(p, map[string]string{"count": `return await db.collection("kinds").count()`})
		if got := w.ask("count"); got != "3" {
			t.Errorf("%s rows were inserted, want 3", got)
		}
	})
}

// Two uploads whose code counts up one row at once: one begins again, and nothing is lost.
func TestHooksOfSeveralDevicesLoseNothing(t *testing.T) {
	dbWorlds(t, func(t *testing.T, w *world, p *pooled) {
		w.want(transactions(crud(list(1, `"name":"counter","code":"0"`))), "success")
		w.hook(p, todos(`beforeWrite: async (write, ctx) => { const l = ctx.db.collection("lists"); const r = await l.findOne({name: "counter"}); await l.updateOne({name: "counter"}, {code: String(Number(r.code) + 1)}); }`)...)
		done := make(chan string)
		const devices, writes = 3, 4
		for d := range devices {
			go func() {
				for n := range writes {
					_, answer := w.upload(from(fmt.Sprint("c", d), crud(fmt.Sprintf(`{"op":"PUT","table":"todos","op_id":%d,"id":"{%d}","data":{"owner_id":"u1","count":%d}}`, n+1, d+2, n))))
					done <- answer
				}
			}()
		}
		for range devices * writes {
			if answer := <-done; !strings.Contains(answer, `"status":"success"`) {
				t.Error(answer)
			}
		}
		if got := w.row("lists", 1); got != fmt.Sprintf("code=%d name=counter", devices*writes) {
			t.Errorf("the counter is %s", got)
		}
	})
}

// beforeTransaction writes before the first operation, also rows of the transaction.
func TestTransactionHooksWriteBeforeEverything(t *testing.T) {
	dbWorlds(t, func(t *testing.T, w *world, p *pooled) {
		w.want(transactions(crud(`{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","title":"a","count":1}}`)), "success")
		w.hook(p, "hooks/_transaction.ts", `export default { async beforeTransaction(writes: any, ctx: any) {
			await ctx.db.collection("todos").updateOne({id: writes[0].id}, {title: "by code", count: 2});
			await ctx.db.collection("lists").insertOne({name: writes.length + " writes", code: writes[0].data.title});
		} }`)
		const patch = `{"op":"PATCH","table":"todos","id":"{1}","data":{"count":7,"title":"b"}}`
		w.want(transactions(crud(patch, `{"op":"PATCH","table":"todos","id":"{1}","data":{"done":1}}`)), "success")
		if got := w.row("todos", 1); got != "count=7 done=true owner_id=u1 title=b" {
			t.Errorf("the row is %s", got)
		}
		w.want(transactions(crud(patch)), "fatal_error UNIQUE_VIOLATION") // nobody's operation
		w.want(transactions(crud(`{"op":"PATCH","table":"todos","id":"{1}","data":{"done":0}}`)), "success")
		if got := w.row("todos", 1); got != "count=2 done=false owner_id=u1 title=by code" {
			t.Errorf("the row is %s", got)
		}
		w.asks(p, map[string]string{"count": `return await db.collection("lists").count({name: "2 writes"})`})
		if got := w.ask("count"); got != "1" {
			t.Errorf("%s rows were inserted, want 1", got)
		}
	})
}

// Code deletes a row of a table with tombstones: no device may make it again, not even the one whose upload it was.
func TestHooksBuryWhatTheyDelete(t *testing.T) {
	dbWorlds(t, func(t *testing.T, w *world, p *pooled) {
		kind := func(id, n int) string {
			return fmt.Sprintf(`{"op":"PUT","table":"kinds","op_id":%d,"id":"{%d}","data":{"done":1}}`, id, n)
		}
		w.want(from("c1", crud(kind(1, 1), kind(2, 2), kind(3, 3))), "success")
		w.asks(p, map[string]string{
			"deletes": `await db.collection("kinds").deleteOne({id: "{1}"}); await db.collection("kinds").deleteOne({id: "{2}"}); return await db.collection("kinds").insertOne({id: "{2}", done: false})`,
			"both":    `return await db.collection("kinds").deleteOne({id: "{3}"})`,
		})
		w.want(from("c1", crud(`{"op":"PUT","table":"todos","op_id":4,"id":"{9}","data":{"owner_id":"u1","title":"deletes"}}`)), "success")
		w.want(from("c1", crud(kind(5, 1))), "fatal_error ROW_DELETED 0")
		w.want(from("c1", crud(kind(6, 2))), "success") // the code made it again
		w.want(from("c2", crud(`{"op":"PUT","table":"todos","op_id":1,"id":"{9}","data":{"owner_id":"u1","title":"both"}}`, `{"op":"PATCH","table":"kinds","op_id":2,"id":"{3}","data":{"done":0}}`)), "success")
		w.want(from("c2", crud(kind(3, 3))), "fatal_error ROW_DELETED 0")
	})
}

// What code writes to a row for which a rejection waits is noted there, as a device's writes are.
func TestHooksNoteWhatRejectionsMissed(t *testing.T) {
	dbWorlds(t, func(t *testing.T, w *world, p *pooled) {
		w.want(from("c1", crud(mine("PUT", 1, 1, `"owner_id":"u1","title":"start","city":"Oslo"`))), "success")
		w.want(from("c1", crud(mine("PATCH", 2, 1, `"owner_id":"u2","title":"refused","city":"Bergen"`))), "fatal_error UNAUTHORIZED 0")
		w.asks(p, map[string]string{"writes": `return await db.collection("todos").updateOne({id: "{1}"}, {"place.city": "Bodø"})`})
		w.want(from("c2", crud(mine("PUT", 1, 2, `"owner_id":"u1","title":"writes"`))), "success")
		list := w.rejections(source.RejectionFilter{})
		full, err := w.src.Rejection(t.Context(), list[0].ID)
		if err != nil || len(full.Rows) != 1 {
			t.Fatal(full, err)
		}
		done, err := w.replay(upload.Replay{WithoutRules: true, LeaveNewer: true})
		if err != nil || done[0].Status != source.Replayed {
			t.Fatalf("%+v %v", done, err)
		}
		if got := w.row("todos", 1); got != "owner_id=u2 place={city=Bodø} title=refused" {
			t.Errorf("replayed: %s", got)
		}
	})
}
