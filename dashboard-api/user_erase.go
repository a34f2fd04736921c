package dashboardapi

import "context"

type eraseInput struct {
	InstancePath
	ID string `path:"id" maxLength:"1024" doc:"The user's id in the app, as tokens carry it in sub"`
}

type eraseOutput struct {
	Body struct {
		Rejections int64 `json:"rejections" doc:"How many refused writes and conflicts were removed, with what they kept"`
		Deliveries int64 `json:"deliveries" doc:"Webhooks and calls of hooks with their payloads, those not yet made included"`
		LogEntries int64 `json:"log_entries" doc:"How many were removed"`
		Devices    int64 `json:"devices" doc:"What was seen of the user's devices"`
	}
}

func (a *api) eraseUser(ctx context.Context, in *eraseInput) (*eraseOutput, error) {
	gone, err := a.cfg.Plane.Rejections.EraseUser(ctx, actorOf(ctx), placeOf(ctx).Instance, in.ID)
	out := &eraseOutput{}
	out.Body.Rejections, out.Body.Deliveries, out.Body.LogEntries, out.Body.Devices = gone.Rejections, gone.Deliveries, gone.LogEntries, gone.Devices
	return out, err
}
