package devmongo

import (
	"strings"
)

func (s *Server) aggregate(r *request) (D, error) {
	cmd, p := r.cmd, stages(arr(r.cmd, "pipeline"))
	if err := lacks("aggregate", cmd, "collation", "let", "explain"); err != nil {
		return nil, err
	}
	bs := int64(101)
	if c, ok := val(cmd, "cursor").(D); ok {
		if v, ok := get(c, "batchSize"); ok {
			bs = toI(v)
		}
	}
	if name, v := p.at(0); name == "$changeStream" {
		spec, _ := v.(D)
		return s.openWatch(r.db, r.collection(), spec, A(p[1:]), bs)
	}
	l, rest, err := s.begin(r, p)
	if err != nil {
		return nil, err
	}
	for i := range rest {
		name, v := rest.at(i)
		if l, err = s.stage(r, l, name, v); err != nil {
			return nil, err
		}
	}
	return s.first(r.db+"."+r.collection(), l, bs, false)
}

// stages is a pipeline.
type stages []any

// at gives a stage's name and argument; no name where there is none, or no stage.
func (p stages) at(i int) (string, any) {
	if i >= len(p) {
		return "", nil
	}
	d, _ := p[i].(D)
	if len(d) != 1 {
		return "", nil
	}
	return d[0].Key, d[0].Value
}

// begin reads what a pipeline works on. A $match at its beginning, and a $sort and $limit that follow, may be answered by an
// index; the $limit is then done twice.
func (s *Server) begin(r *request, p stages) ([]D, stages, error) {
	filter, sort, limit := D{}, D(nil), int64(0)
	if name, v := p.at(0); name == "$match" {
		filter, _ = v.(D)
		p = p[1:]
	}
	if name, v := p.at(0); name == "$sort" {
		sort, _ = v.(D)
		p = p[1:]
	}
	if name, v := p.at(0); name == "$limit" {
		limit = max(toI(v), 0)
	}
	l, err := s.query(s.St.coll(r.db, r.collection(), false), r.txn, filter, sort, 0, limit)
	return l, p, err
}

// stage carries out one stage.
func (s *Server) stage(r *request, l []D, name string, v any) ([]D, error) {
	d, _ := v.(D)
	switch name {
	case "$match":
		return matching(l, d)
	case "$sort":
		sortDocs(l, d)
		return l, nil
	case "$skip":
		return l[min(int64(len(l)), toI(v)):], nil
	case "$limit":
		return l[:min(int64(len(l)), toI(v))], nil
	case "$sample":
		return l[:min(int64(len(l)), num(d, "size"))], nil
	case "$count":
		if len(l) > 0 {
			l = []D{{{Key: v.(string), Value: int32(len(l))}}}
		}
		return l, nil
	case "$collStats":
		return []D{{{Key: "ns", Value: r.db + "." + r.collection()}, {Key: "count", Value: int32(len(l))}}}, nil
	case "$project", "$addFields", "$set", "$unset", "$replaceRoot", "$replaceWith":
		out := make([]D, len(l))
		for j := range l {
			var err error
			if out[j], err = pipeStage(l[j], name, v); err != nil {
				return nil, err
			}
		}
		return out, nil
	case "$unwind":
		return unwind(l, v)
	case "$lookup":
		return s.join(r, l, d)
	case "$group":
		return group(l, d)
	}
	return nil, unknown("stage", name, theirStages, errf(40324, "Location40324", "Unrecognized pipeline stage name: '%s'", name))
}

func matching(l []D, filter D) (out []D, _ error) {
	for _, x := range l {
		ok, err := match(x, filter)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, x)
		}
	}
	return out, nil
}

// unwind makes a document of each element of a list.
func unwind(l []D, v any) (out []D, _ error) {
	path, _ := v.(string)
	d, _ := v.(D)
	if d != nil {
		path = str(d, "path")
	}
	path = strings.TrimPrefix(path, "$")
	if err := lacks("$unwind", d, "includeArrayIndex", "preserveNullAndEmptyArrays"); err != nil {
		return nil, err
	}
	for _, x := range l {
		f, ok := at(x, path)
		if !ok || f == nil {
			continue
		}
		a, isA := f.(A)
		if !isA {
			out = append(out, x)
			continue
		}
		for _, e := range a {
			n, err := setPath(x, path, e)
			if err != nil {
				return nil, err
			}
			out = append(out, n.(D))
		}
	}
	return out, nil
}

// join is $lookup: to each document, those of another collection whose field equals one of its own.
func (s *Server) join(r *request, l []D, d D) ([]D, error) {
	if err := lacks("$lookup", d, "let"); err != nil {
		return nil, err
	} else if _, ok := get(d, "pipeline"); ok {
		return nil, lacking("$lookup with pipeline")
	}
	other, err := s.query(s.St.coll(r.db, str(d, "from"), false), r.txn, nil, nil, 0, 0)
	if err != nil {
		return nil, err
	}
	out := make([]D, len(l))
	for j, x := range l {
		mine, hits := lookup(x, str(d, "localField")), A{}
		for _, y := range other {
			theirs := lookup(y, str(d, "foreignField"))
			if anyOf(theirs, func(f any) bool { return anyOf(mine, func(g any) bool { return cmp(f, g) == 0 }) }) {
				hits = append(hits, y)
			}
		}
		out[j] = set(x, str(d, "as"), hits)
	}
	return out, nil
}
