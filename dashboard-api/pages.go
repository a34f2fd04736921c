package dashboardapi

// pages serves the sign-in and docs pages.
func (a *api) pages() {}
