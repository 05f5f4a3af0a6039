// Short names for the types that the build makes of the API's description. Times are unix ms.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Time = Schemas["Time"];
export type Role = Schemas["Role"];
export type Grade = Schemas["Grade"];
export type Severity = Schemas["Severity"];
export type MovementState = Schemas["MovementState"];
export type Arrow = Schemas["Arrow"];
export type By = Schemas["By"];
export type Hold = Schemas["HoldView"];
export type HoldFinding = Schemas["HoldFinding"];
export type Verdict = Schemas["Verdict"];
export type Command = Schemas["Command"];
export type Receipt = Schemas["Receipt"];
export type Me = Schemas["Me"];
export type Account = Schemas["OwnAccount"];
export type AccountLink = Schemas["IssuedAccountLink"];
export type FactorKey = Schemas["FactorKey"];
export type RecoveryCodes = Schemas["RecoveryCodes"];
export type User = Schemas["UserView"];
export type Party = Schemas["PartyView"];
export type SeriesState = Schemas["Progress"];
export type LogState = Schemas["LogState"];
export type Basemap = Schemas["BasemapView"];
export type Gateway = Schemas["GatewayView"];
export type GatewayState = Schemas["GatewayState"];
export type MqttConnection = Schemas["MqttConnection"];
export type Device = Schemas["DeviceView"];
export type DeviceError = Schemas["DeviceError"];
export type Terminal = Schemas["TerminalView"];
export type LastReport = Schemas["LastReport"];
export type Transfer = Schemas["TransferView"];
export type Alert = Schemas["AlertView"];
export type AlertKind = Schemas["AlertKind"];
export type Revision = Schemas["Revision"];
export type Position = Schemas["PositionView"];
export type Track = Schemas["Track"];
export type TrackPoint = Schemas["TrackPoint"];
export type SeriesPoint = Schemas["SeriesPoint"];
export type Points = Schemas["Points"];
export type Chart = Schemas["Chart"];
export type ChartField = Schemas["ChartField"];
export type Step = Schemas["StepView"];
export type PlanRule = Schemas["PlanRule"];
export type Leg = Schemas["LegView"];
export type SigningKey = Schemas["SigningKeyView"];
export type Exculpation = Schemas["Exculpation"];
export type Posting = Schemas["PostingView"];
export type LedgerStand = Schemas["LedgerStand"];
export type Difference = Schemas["Difference"];
export type LedgerComparison = Schemas["LedgerComparison"];
export type Grant = Schemas["GrantView"];
export type KeptReport = Schemas["KeptReport"];
export type KeptReports = Schemas["KeptReports"];
export type EntryHead = Schemas["EntryHead"];
export type ProvedEntry = Schemas["ProvedEntry"];
export type Growth = Schemas["Growth"];
export type Kpis = Schemas["Kpis"];
export type Figures = Schemas["Figures"];
export type FiguresOfDay = Schemas["OfDay"];
export type Gate = Schemas["GateView"];
export type GateDecision = Schemas["GateDecision"];
export type Cargo = Schemas["CargoView"];
export type Consignment = Schemas["ConsignmentView"];
export type TransportDocument = Schemas["TransportDocument"];
export type MechanicalSeal = Schemas["MechanicalSeal"];
export type EnrolmentChallenge = Schemas["EnrolmentChallenge"];
export type NewDevice = Schemas["NewDevice"];
export type IncidentKind = Schemas["IncidentKind"];
export type CorridorTest = Schemas["CorridorTest"];
export type Version = Schemas["VersionRow"];
export type PlannedVersion = Schemas["PlannedRow"];
export type Conclusion = Schemas["Conclusion"];
export type SealFound = Schemas["SealFound"];
export type VerifiedLine = Schemas["VerifiedLine"];
export type Verification = Schemas["VerificationView"];
export type Enquiry = Schemas["EnquiryView"];
export type EnquiryStanding = Schemas["EnquiryStanding"];
export type SignInWays = Schemas["SignInWays"];
export type ReportedIncident = Schemas["ReportedIncident"];
export type Photo = Schemas["Photo"];
export type Held = Schemas["HeldView"];
export type ReleaseNote = Schemas["ReleaseNoteView"];
export type PassCard = Schemas["PassCardView"];
export type CardGoods = Schemas["CardGoods"];
export type Direction = Schemas["Direction"];
export type InspectionRule = Schemas["InspectionRuleView"];
export type InspectionDraw = Schemas["InspectionDraw"];
export type StandingOrder = Schemas["StandingOrderView"];
export type RiskTier = Schemas["RiskTier"];
export type CarrierTier = Schemas["RiskTierView"];
export type LedgerImport = Schemas["LedgerImport"];
export type Binding = Schemas["BindingView"];
/** RFC 9457. The screens translate `code`; `detail` is for whoever looks closer. */
export type Problem = Schemas["Problem"];

export interface Page<Row> {
  items: Row[];
  next?: string | number | null;
}

/** A record with its body as its kind says. */
export type Recorded<Body> = Omit<Schemas["Record"], "body"> & { body: Body };

/** The kinds of records that the screens read, and what their bodies are. */
export interface RecordKinds {
  step: Step;
  grant: Grant;
  exculpation: Exculpation;
  "signing-key": SigningKey;
  "ledger-posting": Posting;
  "ledger-stand": LedgerStand;
  "ledger-comparison": LedgerComparison;
  terminal: Terminal;
  gate: Gate;
  cargo: Cargo;
  verification: Verification;
  enquiry: Enquiry;
  hold: Held;
  incident: ReportedIncident;
  binding: Binding;
  "ledger-import": LedgerImport;
  "gate-decision": GateDecision;
  "release-note": ReleaseNote;
  "pass-card": PassCard;
  "inspection-rule": InspectionRule;
  "inspection-draw": InspectionDraw;
  "standing-order": StandingOrder;
  "risk-tier": CarrierTier;
  "withdrawn-version": Schemas["WithdrawnVersionView"];
}

export type AnyRecord = Recorded<unknown>;

/** One change of what people see, as the event stream tells it. */
export type Change =
  | { kind: "position"; body: Position }
  | { kind: "movement"; body: Transfer }
  | { kind: "alert"; body: Alert }
  | { kind: "device"; body: Device }
  | { kind: "record"; body: AnyRecord };

// Places and corridors are GeoJSON, which the description leaves open.

export interface PlaceProperties {
  id: string;
  kind: "port" | "zone" | "depot" | "airport" | "border";
  name_en: string;
  name_zh: string;
  centre?: [number, number];
  [more: string]: unknown;
}

export interface CorridorProperties {
  id: string;
  mode: "rail" | "road" | "sea" | "air";
  from: string;
  to: string;
  width_m: number;
  length_km: number;
  name_en: string;
  name_zh: string;
  [more: string]: unknown;
}

export type PlaceFeature = GeoJSON.Feature<GeoJSON.Polygon, PlaceProperties>;
export type CorridorFeature = GeoJSON.Feature<GeoJSON.LineString, CorridorProperties>;
export type Places = GeoJSON.FeatureCollection<GeoJSON.Polygon, PlaceProperties>;
export type Corridors = GeoJSON.FeatureCollection<GeoJSON.LineString, CorridorProperties>;
