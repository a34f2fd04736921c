package devmongo

import (
	"strings"
)

func (s *Server) aggregate(r *request) (D, error) {
	db, cmd, t := r.db, r.cmd, r.txn
	cn := str(cmd, "aggregate")
	p := arr(cmd, "pipeline")
	if err := lacks("aggregate", cmd, "collation", "let", "explain"); err != nil {
		return nil, err
	}
	bs := int64(101)
	if c, ok := val(cmd, "cursor").(D); ok {
		if v, ok := get(c, "batchSize"); ok {
			bs = toI(v)
		}
	}
	stage := func(i int) (string, any) {
		d, _ := p[i].(D)
		if len(d) != 1 {
			return "", nil
		}
		return d[0].Key, d[0].Value
	}
	if len(p) > 0 {
		if k, v := stage(0); k == "$changeStream" {
			spec, _ := v.(D)
			return s.openWatch(db, cn, spec, p[1:], bs)
		}
	}
	start := D{}
	from := 0
	if len(p) > 0 {
		if k, v := stage(0); k == "$match" {
			start, _ = v.(D)
			from = 1
		}
	}
	// A $sort and $limit that follow may come from an index; the $limit is then done twice.
	var so D
	var limit int64
	if from < len(p) {
		if k, v := stage(from); k == "$sort" {
			so, _ = v.(D)
			from++
		}
	}
	if from < len(p) {
		if k, v := stage(from); k == "$limit" {
			limit = max(toI(v), 0)
		}
	}
	l, err := s.query(s.St.coll(db, cn, false), t, start, so, 0, limit)
	if err != nil {
		return nil, err
	}
	for i := from; i < len(p); i++ {
		k, v := stage(i)
		d, _ := v.(D)
		switch k {
		case "$match":
			var o []D
			for _, x := range l {
				ok, err := match(x, d)
				if err != nil {
					return nil, err
				}
				if ok {
					o = append(o, x)
				}
			}
			l = o
		case "$sort":
			sortDocs(l, d)
		case "$skip":
			l = l[min(int64(len(l)), toI(v)):]
		case "$limit":
			l = l[:min(int64(len(l)), toI(v))]
		case "$sample":
			l = l[:min(int64(len(l)), num(d, "size"))]
		case "$count":
			if len(l) > 0 {
				l = []D{{{Key: v.(string), Value: int32(len(l))}}}
			}
		case "$collStats":
			l = []D{{{Key: "ns", Value: db + "." + cn}, {Key: "count", Value: int32(len(l))}}}
		case "$project", "$addFields", "$set", "$unset", "$replaceRoot", "$replaceWith":
			o := make([]D, len(l))
			for j := range l {
				if o[j], err = pipeStage(l[j], k, v); err != nil {
					return nil, err
				}
			}
			l = o
		case "$unwind":
			path, _ := v.(string)
			if d != nil {
				path = str(d, "path")
			}
			path = strings.TrimPrefix(path, "$")
			if err := lacks(k, d, "includeArrayIndex", "preserveNullAndEmptyArrays"); err != nil {
				return nil, err
			}
			var o []D
			for _, x := range l {
				f, ok := at(x, path)
				a, isA := f.(A)
				if !ok || f == nil {
					continue
				}
				if !isA {
					o = append(o, x)
					continue
				}
				for _, e := range a {
					n, err := setPath(x, path, e)
					if err != nil {
						return nil, err
					}
					o = append(o, n.(D))
				}
			}
			l = o
		case "$lookup":
			if err := lacks(k, d, "let"); err != nil {
				return nil, err
			} else if _, ok := get(d, "pipeline"); ok {
				return nil, lacking("$lookup with pipeline")
			}
			o := make([]D, len(l))
			other, err := s.query(s.St.coll(db, str(d, "from"), false), t, nil, nil, 0, 0)
			if err != nil {
				return nil, err
			}
			for j, x := range l {
				lv := lookup(x, str(d, "localField"))
				hits := A{}
				for _, y := range other {
					fv := lookup(y, str(d, "foreignField"))
					if anyOf(fv, func(f any) bool { return anyOf(lv, func(g any) bool { return cmp(f, g) == 0 }) }) {
						hits = append(hits, y)
					}
				}
				o[j] = set(x, str(d, "as"), hits)
			}
			l = o
		case "$group":
			if l, err = group(l, d); err != nil {
				return nil, err
			}
		default:
			return nil, unknown("stage", k, theirStages, errf(40324, "Location40324", "Unrecognized pipeline stage name: '%s'", k))
		}
	}
	return s.first(db+"."+cn, l, bs, false)
}
