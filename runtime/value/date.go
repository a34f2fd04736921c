package value

import (
	"strconv"
	"time"
)

// maxMillis bounds instants to what PowerSync (and JavaScript) can represent, either side of 1970.
const maxMillis = 8_640_000_000_000_000

// spelledDate is an instant with the precision that it was spelled with.
type spelledDate struct {
	at      time.Time
	seconds bool // seconds were spelled, so that the rest may have been cut off
	digits  int  // of the fraction of the second
}

// parseDate reads every form that PowerSync has written dates in, and what SQLite and JavaScript
// write: a date, a space or T, a time with an optional fraction and an optional zone (none: UTC).
// Years have four digits, or a sign and six.
func parseDate(s string) (d spelledDate, ok bool) {
	p := dateParser{s: s, ok: true}
	year := p.year()
	p.char('-', '-')
	month := p.digits(2)
	p.char('-', '-')
	day := p.digits(2)
	var hour, minute, second, nanos, offset int
	if p.ok && len(p.s) > 0 {
		p.char('T', ' ')
		hour = p.digits(2)
		p.char(':', ':')
		minute = p.digits(2)
		if p.next(':') {
			second = p.digits(2)
			d.seconds = true
			if p.next('.') {
				nanos, d.digits = p.fraction()
			}
		}
		offset = p.zone()
	}
	if !p.ok || p.s != "" || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return d, false
	}
	d.at = time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if d.at.Day() != day { // 30 February
		return d, false
	}
	d.at = d.at.Add(-time.Duration(offset) * time.Minute)
	return d, true
}

// is reports whether the spelling stands for the stored instant: devices may have been given it with
// fewer digits (PowerSync's timestamp_max_precision).
func (d spelledDate) is(stored time.Time) bool {
	if d.at.Equal(stored) {
		return true
	}
	if !d.seconds || d.digits >= 9 {
		return false
	}
	step := int64(1)
	for i := d.digits; i < 9; i++ {
		step *= 10
	}
	nanos := int64(stored.Nanosecond())
	return d.at.Unix() == stored.Unix() && int64(d.at.Nanosecond()) == nanos-nanos%step
}

func newDate(s string) (Value, *TypeError) {
	d, ok := parseDate(s)
	if !ok {
		return nil, invalid("date", "The text is not a date.").
			hint("Send ISO 8601 text such as 2026-01-31T12:00:00.000Z (toISOString in JavaScript).")
	}
	if e := checkDate(d.at); e != nil {
		return nil, e
	}
	return d.at, nil
}

func checkDate(t time.Time) *TypeError {
	// Seconds first: UnixMilli wraps for years that time.Time holds and int64 milliseconds do not.
	if s := t.Unix(); s < -maxMillis/1000 || s > maxMillis/1000 || s == maxMillis/1000 && t.Nanosecond() > 0 {
		return invalid("date", "The date is outside of the years that devices can represent (-271821 to 275760).")
	}
	return nil
}

// appendDate writes an instant as devices see it: milliseconds, or more digits where the source has
// them.
func appendDate(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year := t.Year()
	if year < 0 || year > 9999 {
		sign := byte('+')
		if year < 0 {
			sign, year = '-', -year
		}
		dst = append(dst, sign)
		dst = appendPadded(dst, year, 6)
	} else {
		dst = appendPadded(dst, year, 4)
	}
	for i, n := range [5]int{int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second()} {
		dst = append(dst, "--T::"[i])
		dst = appendPadded(dst, n, 2)
	}
	dst = append(dst, '.')
	switch n := t.Nanosecond(); {
	case n%1e6 == 0:
		dst = appendPadded(dst, n/1e6, 3)
	case n%1e3 == 0:
		dst = appendPadded(dst, n/1e3, 6)
	default:
		dst = appendPadded(dst, n, 9)
	}
	return append(dst, 'Z')
}

func appendPadded(dst []byte, n, width int) []byte {
	var buf [20]byte
	digits := strconv.AppendInt(buf[:0], int64(n), 10)
	for i := len(digits); i < width; i++ {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// dateParser eats a date from the front; ok turns false at the first thing that does not fit.
type dateParser struct {
	s  string
	ok bool
}

func (p *dateParser) next(c byte) bool {
	if len(p.s) > 0 && p.s[0] == c {
		p.s = p.s[1:]
		return true
	}
	return false
}

func (p *dateParser) char(a, b byte) {
	if !p.next(a) && !p.next(b) {
		p.ok = false
	}
}

func (p *dateParser) digits(width int) (n int) {
	if len(p.s) < width {
		p.ok = false
		return 0
	}
	for i := 0; i < width; i++ {
		if !isDigit(p.s[i]) {
			p.ok = false
			return 0
		}
		n = n*10 + int(p.s[i]-'0')
	}
	p.s = p.s[width:]
	return n
}

func (p *dateParser) year() int {
	switch {
	case p.next('+'):
		return p.digits(6)
	case p.next('-'):
		return -p.digits(6)
	}
	return p.digits(4)
}

// fraction reads digits of a second; beyond nanoseconds they are dropped.
func (p *dateParser) fraction() (nanos, digits int) {
	for scale := 100_000_000; len(p.s) > 0 && isDigit(p.s[0]); p.s = p.s[1:] {
		nanos += scale * int(p.s[0]-'0')
		scale /= 10
		digits++
	}
	if digits == 0 {
		p.ok = false
	}
	return nanos, digits
}

// zone reads Z, +hh, +hhmm or +hh:mm in minutes east of UTC.
func (p *dateParser) zone() int {
	if p.next('Z') || p.next('z') || p.s == "" {
		return 0
	}
	sign := 1
	if !p.next('+') {
		sign = -1
		p.char('-', '-')
	}
	hours, minutes := p.digits(2), 0
	if p.next(':') || p.s != "" {
		minutes = p.digits(2)
	}
	if hours > 23 || minutes > 59 {
		p.ok = false
	}
	return sign * (hours*60 + minutes)
}
