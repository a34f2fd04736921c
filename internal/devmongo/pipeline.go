package devmongo

func pipeStage(d D, op string, arg any) (D, error) {
	switch op {
	case "$set", "$addFields":
		spec, _ := arg.(D)
		var n any = d
		for _, e := range spec {
			r, err := eval(d, e.Value)
			if err != nil {
				return nil, err
			}
			if _, m := r.(missing); m {
				n = unsetPath(n, e.Key)
				continue
			}
			if n, err = setPath(n, e.Key, r); err != nil {
				return nil, err
			}
		}
		return n.(D), nil
	case "$unset":
		l, ok := arg.(A)
		if !ok {
			l = A{arg}
		}
		var n any = d
		for _, f := range l {
			s, _ := f.(string)
			n = unsetPath(n, s)
		}
		return n.(D), nil
	case "$replaceWith", "$replaceRoot":
		x := arg
		if op == "$replaceRoot" {
			x = val(arg.(D), "newRoot")
		}
		r, err := eval(d, x)
		if err != nil {
			return nil, err
		}
		n, ok := r.(D)
		if !ok {
			return nil, errf(40228, "Location40228", "'newRoot' expression must evaluate to an object")
		}
		return n, nil
	case "$project":
		spec, _ := arg.(D)
		return project(d, spec)
	}
	return nil, errf(72, "InvalidOptions", "Stage not allowed: %s", op)
}

func project(d D, spec D) (D, error) {
	if len(spec) == 0 {
		return d, nil
	}
	incl := false
	for _, e := range spec {
		if _, isNum := toF(e.Value); e.Key != "_id" {
			_, isBool := e.Value.(bool)
			incl = incl || !(isNum || isBool) || truthy(e.Value)
		}
	}
	if len(spec) == 1 && spec[0].Key == "_id" {
		incl = truthy(spec[0].Value)
	}
	var err error
	if !incl {
		var n any = d
		for _, e := range spec {
			if !truthy(e.Value) {
				n = unsetPath(n, e.Key)
			}
		}
		return n.(D), nil
	}
	var out any = D{}
	if v, ok := get(d, "_id"); ok {
		if s, given := get(spec, "_id"); !given || truthy(s) {
			out = D{{Key: "_id", Value: v}}
		}
	}
	for _, e := range spec {
		if e.Key == "_id" {
			continue
		}
		_, isNum := toF(e.Value)
		_, isBool := e.Value.(bool)
		if isNum || isBool {
			if v, ok := at(d, e.Key); ok && truthy(e.Value) {
				if out, err = setPath(out, e.Key, v); err != nil {
					return nil, err
				}
			}
			continue
		}
		r, err := eval(d, e.Value)
		if err != nil {
			return nil, err
		}
		if _, m := r.(missing); !m {
			if out, err = setPath(out, e.Key, r); err != nil {
				return nil, err
			}
		}
	}
	return out.(D), nil
}
