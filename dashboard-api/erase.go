package dashboardapi

import "context"

// UserDataPath names a user of an app, by the id that tokens carry.
type UserDataPath struct {
	InstancePath
	AppUser string `path:"app_user" maxLength:"512" doc:"The user's id in the app, as in tokens"`
}

func (a *api) eraseUser(ctx context.Context, in *UserDataPath) (*struct{}, error) {
	_, err := a.cfg.Plane.Erasures.EraseUser(ctx, actorOf(ctx), placeOf(ctx).Instance, in.AppUser)
	return nil, err
}
