/** The events to choose from; others can be typed. */
export const kinds = [
  "account.created", "session.started", "session.ended",
  "organization.created", "organization.updated",
  "member.updated", "member.removed", "invitation.created", "invitation.revoked", "invitation.accepted", "token.created", "token.revoked",
  "alert_channel.created", "alert_channel.updated", "alert_channel.deleted", "alert_channel.tested",
  "project.created", "project.updated", "project.deleted",
  "instance.created", "instance.updated", "instance.deleted", "config.updated", "config.promoted", "draft.restored", "file.updated", "file.deleted", "secret.updated", "secret.deleted",
  "source.tested", "source.inspected", "deployment.created", "deployment.activated", "deployment.braked", "deployment.replayed",
  "signing_key.rotated", "signing_key.revoked", "signing_key.pasted", "api_key.created", "api_key.deleted", "dev_token.created",
  "rejection.replayed", "rejection.discarded", "conflict.resolved", "conflict.dismissed", "delivery.redelivered", "delivery.discarded",
  "rehearsal.run", "rehearsal.replayed", "shadow.started", "shadow.stopped", "user_data.erased",
];
