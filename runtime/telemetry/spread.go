package telemetry

// Spread counts durations by bucket: few of many buckets are ever used at once, so it is a list.
type Spread []bucketed

type bucketed struct {
	bucket uint8
	n      int32
}

// Add counts a duration in microseconds.
func (s *Spread) Add(us int64) {
	bucket := uint8(bucketOf(us))
	for i := range *s {
		if (*s)[i].bucket == bucket {
			(*s)[i].n++
			return
		}
	}
	*s = append(*s, bucketed{bucket, 1})
}

// maxApart is how many tables, and how many hooks, of an instance have a histogram of their own in a process. Later ones
// are told together as Other, so that a chart and an exporter have so many lines and no more.
const maxApart = 50

// apart are the labels that have a histogram.
type apart map[string]struct{}

// label gives the label under which a table or hook is told.
func (a *apart) label(name string) string {
	if len(name) > maxName {
		clip(&name, maxName)
	}
	if _, known := (*a)[name]; known {
		return name
	}
	if len(*a) >= maxApart {
		return Other
	}
	if *a == nil {
		*a = apart{}
	}
	(*a)[name] = struct{}{}
	return name
}

// spread adds the durations of an entry to the histograms of the tables that it wrote and the hooks that it called.
// Only applied transactions count for their tables: they alone name tables that there are, and how long a
// refusal took says nothing of the table.
func (m *meter) spread(minute int64, e *Entry) {
	add := func(name Name, label string, bucket uint8, n int64) {
		m.add(0, cell{minute, Series{name, label, bucketLabels[bucket]}}, n)
	}
	if e.Outcome == Success {
		bucket := uint8(bucketOf(e.DurationUS))
		for i := range e.Operations {
			if t := e.Operations[i].Table; t != Other {
				add(TableLatency, m.tables.label(t), bucket, 1)
			}
		}
	}
	for i := range e.Hooks {
		label := ""
		for _, b := range e.Hooks[i].Spread {
			if label == "" {
				label = m.hooks.label(e.Hooks[i].Hook)
			}
			add(HookLatency, label, b.bucket, int64(b.n))
		}
	}
}
