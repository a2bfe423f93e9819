package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nettwin/ingest/document"
	"nettwin/ontology"
)

// Limits of reading a NetBox.
const (
	kindNetBox        = "netbox"
	netBoxPageTimeout = time.Minute
	// maxNetBoxPages bounds the pages that one list may have.
	maxNetBoxPages = 10_000
)

type importNetBoxCmd struct {
	importFlags
	NetBoxToken string `name:"netbox-token" help:"API token of the NetBox." env:"NETBOX_TOKEN" placeholder:"TOKEN"`
	From        string `arg:"" help:"A file, - for standard input, or the address of a NetBox such as https://netbox.example/."`
}

// Run takes in what a NetBox says.
func (c *importNetBoxCmd) Run(ctx context.Context, env *environment) error {
	if !strings.HasPrefix(c.From, "http://") && !strings.HasPrefix(c.From, "https://") {
		return c.files(ctx, env, kindNetBox, []string{c.From})
	}
	text, err := c.fetch(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", c.From, err)
	}
	name := c.Name
	if u, err := url.Parse(c.From); err == nil && name == "" {
		name = u.Hostname()
	}
	return c.take(ctx, env, kindNetBox, []namedText{{name, text}})
}

// fetch reads the lists that the shipped format knows, page by page, into one
// document.
func (c *importNetBoxCmd) fetch(ctx context.Context) ([]byte, error) {
	lists, err := netBoxLists()
	if err != nil {
		return nil, err
	}
	var all struct {
		Results []json.RawMessage `json:"results"`
	}
	size := 0
	for _, list := range lists {
		next := strings.TrimRight(c.From, "/") + list + "?limit=1000"
		for page := 0; next != ""; page++ {
			if page == maxNetBoxPages {
				return nil, fmt.Errorf("%s: more than %d pages", list, maxNetBoxPages)
			}
			var answer struct {
				Next    string
				Results []json.RawMessage
			}
			if err := c.page(ctx, next, &answer); err != nil {
				return nil, err
			}
			for _, r := range answer.Results {
				size += len(r)
			}
			if size > document.MaxBytes {
				return nil, fmt.Errorf("%w: more than %d bytes", document.ErrTooLarge, document.MaxBytes)
			}
			all.Results = append(all.Results, answer.Results...)
			if next, err = sameHost(c.From, answer.Next); err != nil {
				return nil, err
			}
		}
	}
	return json.Marshal(all)
}

// sameHost keeps the token at home: a next page elsewhere is an error. Behind
// a proxy NetBox may think that it is called by another scheme.
func sameHost(from, next string) (string, error) {
	if next == "" {
		return "", nil
	}
	home, err := url.Parse(from)
	if err != nil {
		return "", err
	}
	u, err := home.Parse(next)
	if err != nil {
		return "", err
	}
	if u.Host != home.Host {
		return "", fmt.Errorf("the next page is at %s and not at %s", u.Host, home.Host)
	}
	u.Scheme = home.Scheme
	return u.String(), nil
}

func (c *importNetBoxCmd) page(ctx context.Context, address string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, netBoxPageTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	if c.NetBoxToken != "" {
		req.Header.Set("Authorization", "Token "+c.NetBoxToken)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, resp.Status)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, document.MaxBytes)).Decode(into)
}

// netBoxLists are the lists that the shipped format of the REST API reads.
func netBoxLists() ([]string, error) {
	format, err := document.LoadFormat(ontology.Knowledge(), "netbox-api")
	if err != nil {
		return nil, err
	}
	return format.Lists, nil
}

func decodeReport(from io.Reader, into *document.Report) error {
	return json.NewDecoder(from).Decode(into)
}
