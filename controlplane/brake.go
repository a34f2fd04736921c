package controlplane

import (
	"context"
	"errors"

	"turnkey/internal/fault"
	"turnkey/runtime/feed"
)

// runtimeActor is in whose name the control plane acts on what runtimes report. It is no user.
var runtimeActor = Actor{UserID: "runtime"}

// errNoBrake says that there is nothing to take back any more.
var errNoBrake = errors.New("nothing to take back")

// brake makes the deployment before active again, because a runtime saw that the newest refuses what
// that one took. Several runtimes may report the same: the first is heard, and a report about a
// deployment that is not active any more changes nothing. The source was prepared for the earlier one
// when it was active, so nothing has to be tried first.
func (k *core) brake(ctx context.Context, b feed.Brake) error {
	err := k.change(ctx, runtimeActor, func(tx Tx) (Event, error) {
		i, err := tx.LockInstance(ctx, b.Instance)
		if fault.IsKind(err, fault.NotFound) {
			return Event{}, errNoBrake
		} else if err != nil {
			return Event{}, err
		}
		if i.Deployment != int64(b.Deployment) {
			return Event{}, errNoBrake
		}
		number, err := tx.PreviousDeployment(ctx, i.ID, i.Deployment)
		if err != nil {
			return Event{}, err
		}
		if number == 0 {
			return Event{}, errNoBrake
		}
		d, err := tx.GetDeployment(ctx, i.ID, number)
		if err != nil {
			return Event{}, err
		}
		if err := tx.BrakeDeployment(ctx, i.ID, i.Deployment, k.now()); err != nil {
			return Event{}, err
		}
		d.ActivatedAt = k.now()
		e := Event{Kind: DeploymentBraked, Organization: i.Organization, Target: i.ID, Changes: Changes{
			"deployment": {From: i.Deployment, To: number}, "cause": {To: b.Code}, "table": {To: b.Table}, "refused": {To: b.Refused}, "of": {To: b.Of},
		}}
		return e, k.activate(ctx, tx, &i, d, nil)
	})
	if errors.Is(err, errNoBrake) {
		return nil
	}
	if err == nil {
		k.log.Error("a deployment was taken back by the brake", "instance", b.Instance, "deployment", b.Deployment,
			"cause", b.Code, "table", b.Table, "refused", b.Refused, "of", b.Of)
	}
	return err
}
