package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// scrape reads numbers of the process from what it tells Prometheus, by their names with labels.
func (t *target) scrape(ctx context.Context) (map[string]float64, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.metrics+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := t.client.Do(q)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	out := map[string]float64{}
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		at := strings.LastIndexByte(lines.Text(), ' ')
		if at < 0 || lines.Text()[0] == '#' {
			continue
		}
		if n, err := strconv.ParseFloat(lines.Text()[at+1:], 64); err == nil {
			out[lines.Text()[:at]] = n
		}
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.New("/metrics answers " + response.Status)
	}
	return out, nil
}

const (
	heapNow     = "go_memstats_heap_alloc_bytes"
	collections = "go_gc_duration_seconds_count"
	// cleared is how many collections empty the heap of garbage, what pools keep for later included.
	cleared = 3
	// mostScrapes bounds how long the garbage of scraping may take to bring them about.
	mostScrapes = 50_000
)

// heap tells what the process keeps, in bytes: the least that it tells while it collects garbage several
// times. Nobody can ask it to collect; what answering Prometheus leaves behind makes it.
func (t *target) heap(ctx context.Context) (int64, error) {
	least, until := math.Inf(1), -1.0
	for range mostScrapes {
		m, err := t.scrape(ctx)
		if err != nil {
			return 0, err
		}
		now, ok := m[heapNow]
		if _, counted := m[collections]; !ok || !counted {
			return 0, fmt.Errorf("/metrics lacks %s or %s", heapNow, collections)
		}
		if until < 0 {
			until = m[collections] + cleared
		}
		least = min(least, now)
		if m[collections] > until { // it has been swept, too
			return int64(least), nil
		}
	}
	return 0, errors.New("the runtime collects no garbage")
}
