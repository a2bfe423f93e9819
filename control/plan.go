package control

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nettwin/graph"
)

// State is where a plan stands.
type State string

// The states; the last seven are final.
const (
	Proposed   State = "proposed"
	Verified   State = "verified"
	Approved   State = "approved"
	Applying   State = "applying"
	Confirming State = "confirming"
	Refused    State = "refused"     // by its verdict
	Rejected   State = "rejected"    // by somebody
	Expired    State = "expired"     // nobody decided in time
	Superseded State = "superseded"  // by another plan
	Done       State = "done"        // the devices hold it, and the sources say so
	RolledBack State = "rolled-back" // the devices hold what they held before
	Failed     State = "failed"      // neither is known to be so
)

// Final tells whether the state is one that no plan leaves.
func (s State) Final() bool {
	return slices.Contains([]State{Refused, Rejected, Expired, Superseded, Done, RolledBack, Failed}, s)
}

// Errors of plans. Test with errors.Is.
var (
	// ErrNoNeed: no rule says now that this should be done.
	ErrNoNeed = errors.New("control: no such need")
	// ErrNoAction: no action file answers the need.
	ErrNoAction = errors.New("control: no such action")
	// ErrNoRepair: rules say that no change of configuration helps.
	ErrNoRepair = errors.New("control: nothing helps")
	// ErrNoPlan: no plan has that id.
	ErrNoPlan = errors.New("control: no such plan")
	// ErrState: the plan is in a state in which this cannot be done.
	ErrState = errors.New("control: wrong state")
	// ErrForbidden: the principal may not do this.
	ErrForbidden = errors.New("control: forbidden")
	// ErrStale: the data that the plan rests on are older than its action
	// allows.
	ErrStale = errors.New("control: data too old")
	// ErrMoved: the network has changed since the plan was verified, and now
	// gives another plan or verdict, which wants another approval.
	ErrMoved = errors.New("control: the plan has changed")
	// ErrBusy: another plan is being applied.
	ErrBusy = errors.New("control: another plan is being applied")
	// ErrTooMany: MaxOpenPlans are under way.
	ErrTooMany = errors.New("control: too many plans")
)

// Plan is a change on its way. Values that methods return are copies.
type Plan struct {
	ID        string          `json:"id"`
	Need      Need            `json:"need"`
	Action    string          `json:"action"` // the file's name
	Freshness time.Duration   `json:"freshnessNanoseconds"`
	State     State           `json:"state"`
	Reason    string          `json:"reason,omitempty"` // of a final state
	Created   time.Time       `json:"created"`
	Updated   time.Time       `json:"updated"`
	Base      graph.CommitSeq `json:"base,omitempty"`   // the version of main that it was verified on
	Branch    string          `json:"branch,omitempty"` // while it exists
	// Changes are what the action changes; those in named graphs are expected
	// afterwards.
	Changes  []Change  `json:"changes,omitempty"`
	Payloads []Payload `json:"payloads,omitempty"`
	Verdict  *Verdict  `json:"verdict,omitempty"`
	// Digest is over changes, payloads and verdict: what an approval is for.
	Digest   string    `json:"digest,omitempty"`
	Approval *Approval `json:"approval,omitempty"`
	Token    string    `json:"token,omitempty"`   // of the confirmed commits
	Started  time.Time `json:"started,omitzero"`  // of applying
	Deadline time.Time `json:"deadline,omitzero"` // when unconfirmed commits time out at the latest
	Steps    []Step    `json:"steps,omitempty"`
}

// Approval is who approved what.
type Approval struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Digest string    `json:"digest"`
}

// Step is what was done with a plan, or is about to be done.
type Step struct {
	Seq    uint64    `json:"seq"` // of the journal's entry
	Time   time.Time `json:"time"`
	Name   string    `json:"step"`
	Device string    `json:"device,omitempty"`
	By     string    `json:"by,omitempty"`
	Detail string    `json:"detail,omitempty"`
}

// clone copies what methods may change.
func (p *Plan) clone() *Plan {
	c := *p
	c.Steps = slices.Clone(p.Steps)
	c.Payloads = slices.Clone(p.Payloads)
	return &c
}

// committed tells whether a device may have been told to commit.
func (p *Plan) committed() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Name == stepCommit })
}

// digest names changes, payloads and verdict.
func (p *Plan) digest() string {
	var b strings.Builder
	line := func(kind string, values ...string) {
		fmt.Fprintf(&b, "%s %q\n", kind, values)
	}
	line("action", p.Action, p.Need.IRI)
	for _, ch := range p.Changes {
		line("change", ch.sign())
	}
	for _, payload := range p.Payloads {
		line("payload", payload.Driver, payload.Device, payload.Body)
	}
	if v := p.Verdict; v != nil {
		line("verdict", fmt.Sprint(v.OK))
		line("reasons", v.Reasons...)
		for _, f := range v.Resolved {
			line("resolved", f.IRI)
		}
		for _, f := range v.Introduced {
			line("introduced", f.IRI)
		}
		for _, one := range v.Impact.Services {
			line("service", one.Service, one.Before, one.After)
		}
		line("pairs", fmt.Sprint(v.Impact.PairsBefore, v.Impact.PairsAfter, v.Impact.PairsLost))
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}
