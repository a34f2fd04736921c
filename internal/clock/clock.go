// Package clock is the wall clock of a runtime. A normal build has the machine's; built with the tag
// crash, the torture can make it jump. It must not know who asks for the time.
package clock

// File is the environment variable that names the file with the jump: a duration such as "-10m0s",
// added to the machine's clock for as long as the file is there.
const File = "TURNKEY_CLOCK_FILE"
