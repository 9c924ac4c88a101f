/** The API's own words, from the services' OpenAPI documents. */

import type * as download from "./types/download";
import type * as entitlement from "./types/entitlement";
import type * as gallery from "./types/gallery";
import type * as generation from "./types/generation";

export type Paths = download.paths & entitlement.paths & gallery.paths & generation.paths;

type Gallery = gallery.components["schemas"];
type Generation = generation.components["schemas"];
type Entitlement = entitlement.components["schemas"];

export type Image = Gallery["ImageView"] & Partial<Pick<Gallery["OwnImageView"], "version" | "generation_id">>;
export type Visibility = "public" | "private";
export type Tab = "all" | Visibility;
/** What a change can make of an image. */
export type Target = Visibility | "deleted";
export type Counts = Gallery["CountsView"];
export type Change = Gallery["ChangeView"];

export type HistoryEntry = Gallery["HistoryEntry"];
/** `lease`: what that place still holds can't be used any more; it counts as reached. */
export type Place = Omit<Gallery["PlaceView"], "state"> & { state: Gallery["PlaceView"]["state"] | "lease" };
export type GenerationState = Generation["GenerationView"];
export type GenerationRequest = Generation["GenerationRequest"];
export type AspectRatio = GenerationState["aspect_ratio"];
export type Progress = Pick<GenerationState, "generation_id" | "status" | "progress" | "image_ids" | "failure">;
export type MyPlan = Entitlement["EntitlementView"];
export type Plan = Entitlement["PlanView"];

export type Format = download.components["schemas"]["Format"];

export const FORMATS: readonly Format[] = ["jpg", "png", "webp", "avif"];
