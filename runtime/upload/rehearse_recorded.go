package upload

import (
	"context"
	"strings"

	"turnkey/internal/fault"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
)

// recorded walks through conflicts and rejections as one list, the newest first. Their ids are of different
// kinds, and sort by time behind those.
type recorded struct {
	src        source.Source
	after      string // the last one's id without its kind; "": begin
	conflicts  []source.ConflictRecord
	rejections []source.Rejection
	last       struct{ conflicts, rejections bool } // there is nothing behind those that were read

	lastConflict, lastRejection string // that were read
}

// standing are the conflicts that count: superseded ones have others in their place.
var standing = []source.ConflictStatus{source.ConflictOpen, source.ConflictDecided, source.ConflictResolved, source.ConflictDismissed}

// recordedPage is how many of each kind are read at once.
const recordedPage = 100

func suffix(id string) string {
	_, s, _ := strings.Cut(id, "_")
	return s
}

// next gives the next case, a conflict or a rejection; neither at the end.
func (l *recorded) next(ctx context.Context) (*source.ConflictRecord, *source.Rejection, error) {
	if err := l.fill(ctx); err != nil {
		return nil, nil, err
	}
	if len(l.conflicts) > 0 && (len(l.rejections) == 0 || suffix(l.conflicts[0].ID) >= suffix(l.rejections[0].ID)) {
		c := &l.conflicts[0]
		l.conflicts = l.conflicts[1:]
		return c, nil, nil
	}
	if len(l.rejections) > 0 {
		r := &l.rejections[0]
		l.rejections = l.rejections[1:]
		return nil, r, nil
	}
	return nil, nil, nil
}

// fill reads on where a list has come to its end.
func (l *recorded) fill(ctx context.Context) error {
	if len(l.conflicts) == 0 && !l.last.conflicts {
		f := source.ConflictFilter{Status: standing, After: l.from("cnf_", l.lastConflict), Limit: recordedPage}
		list, err := l.src.Conflicts(ctx, f)
		if err != nil {
			return err
		}
		l.conflicts, l.last.conflicts = list, len(list) < recordedPage
		if len(list) > 0 {
			l.lastConflict = list[len(list)-1].ID
		}
	}
	if len(l.rejections) == 0 && !l.last.rejections {
		f := source.RejectionFilter{After: l.from("rej_", l.lastRejection), Limit: recordedPage}
		list, err := l.src.Rejections(ctx, f)
		if err != nil {
			return err
		}
		l.rejections, l.last.rejections = list, len(list) < recordedPage
		if len(list) > 0 {
			l.lastRejection = list[len(list)-1].ID
		}
	}
	return nil
}

func (l *recorded) from(kind, last string) string {
	if last != "" || l.after == "" {
		return last
	}
	return kind + l.after
}

func failedCase(x rehearsal.Example, err error) *rehearsal.Example {
	f := fault.Of(err)
	x.Difference = rehearsal.Failed
	x.Would = rehearsal.Result{Code: f.Code, Message: f.Message}
	return &x
}
