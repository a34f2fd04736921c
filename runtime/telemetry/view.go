package telemetry

// view is what waits to be sent about sights, devices and refused credentials. It grows with them and not
// with time: what is seen again joins what waits.
type view struct {
	sights  map[sightKey]*Sighting
	devices map[instanceDevice]*Device
	refused map[Cause]*RefusedCredential
}

type sightKey struct {
	instance string
	what     Sight
}

type instanceDevice struct {
	instance string
	deviceKey
}

// Bounds of what waits: what is beyond them is seen again soon, or was never more than a stranger's noise.
const (
	maxWaitingDevices = 32_768
	maxWaitingCauses  = 4096
)

// collect takes what was seen out of the meters. It gives how many devices there was no room for, by instance.
func (v *view) collect(r *Recorder) map[string]int64 {
	if v.sights == nil {
		v.sights, v.devices, v.refused = map[sightKey]*Sighting{}, map[instanceDevice]*Device{}, map[Cause]*RefusedCredential{}
	}
	var lost map[string]int64
	r.each(func(instance string, m *meter) {
		for _, s := range m.takeSpans(instance) {
			join(v.sights, sightKey{instance, s.What}, s, (*Sighting).Join, len(v.sights)+1)
		}
		taken := m.takeDevices()
		r.devices.Add(-int64(len(taken)))
		for k, d := range taken {
			if !join(v.devices, instanceDevice{instance, k}, *d, (*Device).Join, maxWaitingDevices) {
				if lost == nil {
					lost = map[string]int64{}
				}
				lost[instance]++
			}
		}
		for k, c := range m.takeRefused() {
			join(v.refused, k, *c, (*RefusedCredential).Join, maxWaitingCauses)
		}
	})
	return lost
}

// join adds a value to the one of its key; false: it is a new one, and there are enough.
func join[K comparable, V any](into map[K]*V, k K, v V, add func(*V, V), most int) bool {
	if have := into[k]; have != nil {
		add(have, v)
		return true
	}
	if len(into) >= most {
		return false
	}
	into[k] = &v
	return true
}

// take moves at most as much as one batch carries into it.
func (v *view) take(b *Batch) {
	b.Sights, b.Devices, b.Refused = few(v.sights, MaxSights), few(v.devices, MaxDevices), few(v.refused, MaxRefused)
	for i := range b.Devices {
		b.Devices[i].Clean()
	}
}

func few[K comparable, V any](from map[K]*V, most int) (out []V) {
	for k, v := range from {
		if len(out) == most {
			break
		}
		out = append(out, *v)
		delete(from, k)
	}
	return out
}

func (v *view) empty() bool { return len(v.sights)+len(v.devices)+len(v.refused) == 0 }

// back returns what a batch carried that is not taken: it joins what was seen meanwhile, in order of time.
func (v *view) back(b *Batch) {
	for _, s := range b.Sights {
		join(v.sights, sightKey{s.Instance, s.What}, s, (*Sighting).Join, len(v.sights)+1)
	}
}
