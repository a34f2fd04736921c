package telemetry

import (
	"syscall"
	"testing"
	"time"
)

// BenchmarkRecord is what a transaction pays, the shipper's taking away included. The one allocation is
// the entry's own slice of operations. cpu-ns/op is the processor time of the whole process, which a busy
// machine does not change.
func BenchmarkRecord(b *testing.B) {
	r := NewRecorder(Bounds{}, time.Now)
	b.ReportAllocs()
	began := cpu(b)
	for i := 0; b.Loop(); i++ {
		r.Record(transaction("ins_1"))
		if i%2000 == 0 { // as the shipper does, four times for 8,000 transactions a second
			r.taken()
			r.entries(2000)
		}
	}
	b.ReportMetric(float64(cpu(b)-began)/float64(b.N), "cpu-ns/op")
}

// BenchmarkRecordTogether is the same from every processor at once, all for one instance whose ring is full.
func BenchmarkRecordTogether(b *testing.B) {
	r := NewRecorder(Bounds{}, time.Now)
	b.ReportAllocs()
	began := cpu(b)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			r.Record(transaction("ins_1"))
		}
	})
	b.ReportMetric(float64(cpu(b)-began)/float64(b.N), "cpu-ns/op")
}

func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
