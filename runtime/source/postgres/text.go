package postgres

// form tells the texts apart that are made from the same base, which is a bucket's shape or another text.
type form uint8

const (
	singleInsert form = iota
	singleWrite
	guardedWrite
	manyInsert
	manyWrite
	followedBy // an INSERT with its tail
	withReceipt
	newRow
	newRows
	madeWithReceipts
	newNumbered
	expectOne
	expectMany
	expectManyNumbered
	soloRead
)

type textKey struct {
	form     form
	base     string
	column   string // that rows are found by, where base does not say it
	receipts receiptForm
}

// text gives a statement's text from memory, or makes it: putting a text together costs more than all
// else that a small write needs from us. The texts of a relation are forgotten with it.
func (r *relation) text(f form, base string, make func() string) string {
	return r.textOf(textKey{form: f, base: base}, make)
}

func (r *relation) textOf(k textKey, make func() string) string {
	if sql, ok := r.texts.Load(k); ok {
		return sql.(string)
	}
	sql := make()
	r.texts.Store(k, sql)
	return sql
}
