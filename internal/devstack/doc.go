// Package devstack brings up the databases that `turnkey dev` and the tests need, on a machine that
// may have none: a private PostgreSQL cluster from whatever binaries can be found, kept in a folder
// of our own, listening on loopback only.
//
// For MongoDB it takes the server that is given, else a mongod on PATH as a private replica set of one
// member, else the double of internal/devmongo. The start of a mongod was written where there is none:
// its tests run a fake executable, which proves our orchestration and nothing about MongoDB. Data does
// not move between the three.
//
// It must not know what the databases are used for: no schema, no control plane, no instance.
// Production never imports it except through the `dev` sub-command.
//
// # The account
//
// PostgreSQL refuses to run as root, so under root it runs as user postgres, else nobody. That user
// must be able to search every folder above the cluster and above the binaries. A clone under a home
// of mode 0700 fails that, with an error that misleads ("fork/exec: permission denied"). Then:
//
//	.turnkey/postgres/location  ──names──▶  /var/lib/turnkey-dev-XXXX/   data, socket, log
//	node_modules/.../native     ──copied──▶ /var/lib/turnkey-dev-XXXX/native-18.4/
//
// The random suffix is recorded in the project folder, so the data survives restarts, and a deleted
// project folder never meets the data of an earlier one.
package devstack
