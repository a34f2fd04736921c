package controlplane

// Page asks for part of a list.
type Page struct {
	// After is the id of the last item of the page before; empty for the first page.
	After string
	// Limit is how many items at most, 1 to MaxPage.
	Limit int
}

// MaxPage is the longest page; DefaultPage is the usual one.
const (
	MaxPage     = 100
	DefaultPage = 50
)

// size clamps the limit. Stores are asked for one more than that, which tells whether there is a next page.
func (p Page) size() int {
	if p.Limit <= 0 {
		return DefaultPage
	}
	return min(p.Limit, MaxPage)
}

// cut returns the page and the id to continue after, empty when this is the last page. rows holds up to size+1.
func cut[T any](p Page, rows []T, id func(T) string) ([]T, string) {
	if n := p.size(); len(rows) > n {
		return rows[:n], id(rows[n-1])
	}
	return rows, ""
}
