import { describe, expect, it } from "vitest";
import { permissions } from "../src/api/can";

const viewer = { organization: "org_1", role: "viewer" as const, may: ["instance:read"] };

describe("what a page offers", () => {
  it("is what the server says that the membership allows", () => {
    expect(permissions(viewer)("instance:read")).toBe(true);
  });
  it("names the role and who could, when it is not allowed", () => {
    expect(permissions(viewer)("config:write")).toBe("You are Viewer here; this needs a Developer or above.");
    expect(permissions(viewer)("member:write")).toBe("You are Viewer here; this needs an Admin or above.");
  });
  it("respects the projects of a membership", () => {
    expect(permissions({ ...viewer, projects: ["prj_1"] }, "prj_2")("instance:read")).toBe("Your role does not include this project.");
    expect(permissions({ ...viewer, projects: ["prj_1"] }, "prj_1")("instance:read")).toBe(true);
  });
  it("is nothing without a membership", () => {
    expect(permissions(undefined)("instance:read")).toBe("You are not a member here.");
  });
});

describe("the reason on a disabled control", () => {
  it("names the owner alone where only an owner may", () => {
    expect(permissions({ ...viewer, role: "admin" })("organization:delete")).toBe("You are Admin here; this needs an Owner.");
  });
  it("tells the member of chosen projects that the role is not what is missing", () => {
    expect(permissions({ ...viewer, role: "developer", projects: ["prj_1"] })("project:create")).toBe("Your role is for chosen projects; this needs a role in the whole organization.");
    expect(permissions({ ...viewer, role: "viewer", projects: ["prj_1"] })("project:create")).toBe("You are Viewer here; this needs a Developer or above.");
  });
});
