//go:build !race

package worker_test

// underRace says that this process itself takes more memory than the product does.
const underRace = false
