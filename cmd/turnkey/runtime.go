package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"turnkey/internal/lifecycle"
	"turnkey/internal/redact"
	"turnkey/runtime/envelope"
	"turnkey/runtime/feed"
	"turnkey/runtime/telemetry"
)

// runtimeCommand serves every instance of a control plane. Any number of replicas may run.
type runtimeCommand struct {
	Listen          string        `default:"127.0.0.1:8080" help:"Address to serve apps on."`
	Domain          string        `help:"Domain of instances' hosts, such as run.example for https://{host}.run.example. Unset: only the paths /i/{host}/..."`
	ControlPlane    string        `required:"" help:"The control plane's pool listener, such as http://control-plane:8081."`
	PoolToken       redact.Secret `help:"Token of the pool of runtimes, the same as the control plane's; better given by file."`
	PoolTokenFile   string        `help:"File with that token. Unset: pool-token in --keys-dir."`
	KeysDir         string        `required:"" help:"Folder with the runtimes' keys: bundle-verify.pem and pool-private.json, made by turnkey keys generate."`
	CacheDir        string        `required:"" help:"Folder of this runtime alone for sealed bundles: with it, it starts while the control plane is down."`
	InternalListen  string        `default:"127.0.0.1:8082" help:"Address for the control plane's signed commands, and for the probes /livez and /readyz."`
	InternalAddress string        `help:"Where the control plane reaches --internal-listen, such as http://10.0.3.7:8082. Unset: that address as it is."`
	DrainDelay      time.Duration `default:"5s" help:"How long to serve on after SIGTERM, not ready any more, until load balancers have noticed."`

	border
	sandbox
	scraping
}

// Run implements the command.
func (c *runtimeCommand) Run(ctx context.Context, term terminal) error {
	tuneMemory()
	log := newLog(term)
	workers, err := c.sandbox.open(ctx, log)
	if err != nil {
		return err
	}
	defer workers.Close()
	config, client, err := c.config()
	if err != nil {
		return err
	}
	defer client.Close()
	public, err := listen("--listen", c.Listen)
	if err != nil {
		return err
	}
	defer public.Close()
	internal, err := listen("--internal-listen", c.InternalListen)
	if err != nil {
		return err
	}
	defer internal.Close()
	config.workers = workers
	plane, err := newDataPlane(log, config)
	if err != nil {
		return err
	}
	defer plane.close()
	// Following, commands and probes go on while requests drain, so they end by Stop and not with ctx.
	group := lifecycle.NewGroup(context.WithoutCancel(ctx), log)
	defer group.Stop()
	plane.start(group)
	defer plane.delivering.Stop()
	if err := c.scraping.serve(ctx, group, log, recorded(plane.recorder), pooled(workers)); err != nil {
		return err
	}
	health := &probes{ready: plane.readiness()}
	serveIn(group, "internal listener", internal, health.handler(commandsOnly(plane.commands)), log)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	requests := lifecycle.NewGroup(serving, log)
	defer requests.Stop()
	serveIn(requests, "gateway", public, plane.gateway, log, plane.gateway)
	fmt.Fprintf(term.out, "Serving %d instances from %s on http://%s, following %s\n", plane.follower.Len(), c.CacheDir, public.Addr(), c.ControlPlane)
	select {
	case err := <-group.Failed():
		return err
	case err := <-requests.Failed():
		return err
	case <-ctx.Done():
	}
	log.Info("draining: not ready any more, serving on", "for", c.DrainDelay.String())
	health.drain()
	pause(group, c.DrainDelay)
	return nil // requests end first, then deliveries, then everything else
}

// pause waits, unless a task of the group fails.
func pause(group *lifecycle.Group, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-group.Failed():
	}
}

// config checks the settings and reads the keys.
func (c *runtimeCommand) config() (out dataPlaneConfig, client *feed.Client, err error) {
	if err := httpAddress("--control-plane", c.ControlPlane, "http://control-plane:8081"); err != nil {
		return out, nil, err
	}
	address, err := c.internalAddress()
	if err != nil {
		return out, nil, err
	}
	token, err := secretSetting("--pool-token", c.PoolToken, c.PoolTokenFile, filepath.Join(c.KeysDir, poolTokenFile))
	if err != nil {
		return out, nil, err
	}
	opener, verify, err := envelope.ReadOpener(c.KeysDir)
	if err != nil {
		return out, nil, errKeys(err)
	}
	client = feed.NewClient(c.ControlPlane, token)
	return dataPlaneConfig{
		id: newID("rt"), feed: client, sink: telemetry.NewClient(c.ControlPlane, token), opener: opener, verify: verify, cacheDir: c.CacheDir, address: address, domain: c.Domain, border: c.border,
	}, client, nil
}

// internalAddress is what the control plane is told. An address that means "every interface" says nothing.
func (c *runtimeCommand) internalAddress() (string, error) {
	if c.InternalAddress != "" {
		return c.InternalAddress, httpAddress("--internal-address", c.InternalAddress, "http://10.0.3.7:8082")
	}
	host, _, err := net.SplitHostPort(c.InternalListen)
	if err != nil {
		return "", badSetting("--internal-listen", "is not an address.").WithHint("Set TURNKEY_INTERNAL_LISTEN to host:port, such as 127.0.0.1:8082.")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "", badSetting("--internal-address", "is not set.").
			WithHint("--internal-listen takes every interface, so say where the control plane reaches this runtime: TURNKEY_INTERNAL_ADDRESS, such as http://10.0.3.7:8082.")
	}
	return "http://" + c.InternalListen, nil
}
