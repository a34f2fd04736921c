package guides

import (
	"embed"
	"fmt"
)

//go:embed *.md
var files embed.FS

// Guide is one guide, rendered.
type Guide struct {
	Name     string // as in its address and its file's name
	Title    string // the heading
	Summary  string // what it is for, in a sentence
	HTML     string // without the title
	Sections []Section
}

// Section is a heading of a guide.
type Section struct{ ID, Title string }

// order lists the guides as a reader meets them.
func order() []Guide {
	return []Guide{
		{Name: "quickstart", Summary: "From an empty folder to a first write in your database, with a rule, a hook and a device."},
		{Name: "atlas-device-sync", Summary: "What becomes of partitions, rules, triggers, ids, types and merge rules when you move an app from MongoDB Atlas Device Sync."},
		{Name: "cloudcode", Summary: "Replace PowerSync's CloudCode template without changing the app first."},
		{Name: "conflicts", Summary: "Every conflict strategy as a setting, with what differs from PowerSync's guide and from Device Sync."},
		{Name: "rejected-write", Summary: "What happens to a write that is refused: find it, correct it, replay it, and what the device sees."},
		{Name: "go-live", Summary: "A production instance, and what to check before users come."},
	}
}

// All renders the guides, in their order.
func All() ([]Guide, error) {
	list := order()
	for i := range list {
		text, err := files.ReadFile(list[i].Name + ".md")
		if err != nil {
			return nil, fmt.Errorf("guides: %w", err)
		}
		if err := list[i].render(text); err != nil {
			return nil, fmt.Errorf("guides: render %s: %w", list[i].Name, err)
		}
	}
	return list, nil
}
