package report

import "github.com/codewarrant/codewarrant/check"

// jsonBase is by whose policy was judged.
type jsonBase struct {
	Ref    string      `json:"ref"`
	Commit string      `json:"commit"`
	Policy *jsonPolicy `json:"policy,omitempty"`
}

func baseJSON(b *check.Base) *jsonBase {
	if b == nil {
		return nil
	}
	out := &jsonBase{Ref: b.Ref, Commit: b.Commit}
	if b.Policy != "" {
		p := sourcesJSON(b.Policy, b.SHA256, b.Extends)
		out.Policy = &p
	}
	return out
}

// jsonPending is an exception that does not count yet.
type jsonPending struct {
	ID            string        `json:"id"`
	Entitlement   string        `json:"entitlement"`
	Justification string        `json:"justification"`
	Controls      []string      `json:"compensating_controls"`
	Position      *jsonPosition `json:"position,omitempty"`
	State         string        `json:"state"`
	Differences   []string      `json:"differences"`
	Covers        int           `json:"covers"`
}

func pendingJSON(x check.PendingReport) jsonPending {
	return jsonPending{
		ID: x.ID, Entitlement: x.Entitlement, Justification: x.Justification, Controls: list(x.CompensatingControls), Position: positionJSON(x.Position),
		State: stateOf(x), Differences: list(x.Diff), Covers: x.Covers,
	}
}
