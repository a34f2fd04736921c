package dashboardapi

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"
)

// connectorPath is where the packages of the JavaScript connector are, one address for each version. What is there
// never changes and never goes: the lock files of apps name the address and a digest.
const connectorPath = "/connector/"

// connectorName is how npm calls a packed connector.
var connectorName = regexp.MustCompile(`^turnkey-powersync-connector-(\d+)\.(\d+)\.(\d+)\.tgz$`)

// connectorPackage is one version.
type connectorPackage struct {
	name    string
	version [3]int
	content []byte
	etag    string
}

// connectorPackages reads all versions, the newest last.
func connectorPackages(files fs.FS) (list []connectorPackage, err error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("dashboard-api: list the connector's packages: %w", err)
	}
	for _, e := range entries {
		parts := connectorName.FindStringSubmatch(e.Name())
		if parts == nil {
			return nil, fmt.Errorf("dashboard-api: %s is no package of the connector", e.Name())
		}
		p := connectorPackage{name: e.Name()}
		for i := range p.version {
			p.version[i], _ = strconv.Atoi(parts[i+1]) // digits by the expression
		}
		if p.content, err = fs.ReadFile(files, e.Name()); err != nil {
			return nil, fmt.Errorf("dashboard-api: read the connector's package: %w", err)
		}
		sum := sha256.Sum256(p.content)
		p.etag = `"` + hex.EncodeToString(sum[:16]) + `"`
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b connectorPackage) int { return slices.Compare(a.version[:], b.version[:]) })
	return list, nil
}

// connectors serves the packages to npm, which has no session: an app's build fetches them.
func (a *api) connectors() error {
	if a.cfg.Packages == nil {
		return nil
	}
	list, err := connectorPackages(a.cfg.Packages)
	if err != nil {
		return err
	}
	byName := map[string]connectorPackage{}
	for _, p := range list {
		byName[p.name] = p
		a.connector = strings.TrimSuffix(a.cfg.BaseURL, "/") + connectorPath + p.name // the newest stays
	}
	a.router.NewRoute().Path(connectorPath+"{name}").Methods(get, http.MethodHead).HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := byName[mux.Vars(r)["name"]]
		if !ok {
			a.write(w, r, statusProblem(r.Context(), http.StatusNotFound, "no_such_package", cmp.Or(newestOf(list), "This Turnkey has no package of the connector.")))
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/gzip")
		h.Set("Content-Disposition", "attachment; filename="+p.name)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("ETag", p.etag)
		http.ServeContent(w, r, p.name, time.Time{}, bytes.NewReader(p.content))
	})
	return nil
}

// newestOf says what there is instead.
func newestOf(list []connectorPackage) string {
	if len(list) == 0 {
		return ""
	}
	return "There is no such package of the connector; the newest is " + list[len(list)-1].name + "."
}
