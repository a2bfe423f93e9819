package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/vfs"
	"nettwin/internal/archive"
	"nettwin/naming"
)

// place is where a command works: a data directory or a running server.
type place struct {
	Data  string `help:"Data directory." placeholder:"DIR" type:"path"`
	URL   string `help:"Address of a running nettwin." placeholder:"URL"`
	Token string `help:"Token for --url." env:"NETTWIN_TOKEN" placeholder:"TOKEN"`
	Base  string `help:"Base IRI of a store that is created." placeholder:"IRI"`
}

// check asks for exactly one of --data and --url.
func (p *place) check() error {
	switch {
	case p.Data == "" && p.URL == "":
		return usageError("say where: --data DIR or --url URL")
	case p.Data != "" && p.URL != "":
		return usageError("--data and --url exclude each other")
	}
	return nil
}

// open opens the data directory. mayCreate creates an empty store where there
// is none; otherwise that is an error.
func (p *place) open(env *environment, mayCreate bool) (graph.Store, error) {
	if err := archive.Refuse(vfs.OS(), p.Data); err != nil {
		return nil, err
	}
	if !mayCreate && !storeExists(p.Data) {
		return nil, &exitError{exitNotFound, fmt.Errorf("no store in %s: create one with nettwin load or nettwin serve", p.Data)}
	}
	return openStore(env, p.Data, p.Base)
}

func storeExists(dir string) bool {
	_, err := os.Stat(storeDir(dir) + "/STORE")
	return err == nil
}

// openStore opens or creates the graph of a data directory.
func openStore(env *environment, dir, base string) (*disk.Store, error) {
	return openStoreWith(env, dir, base, disk.Options{})
}

// openStoreWith is openStore with options of the engine.
func openStoreWith(env *environment, dir, base string, o disk.Options) (*disk.Store, error) {
	if err := archive.Refuse(vfs.OS(), dir); err != nil {
		return nil, err
	}
	if !storeExists(dir) && base == "" {
		base = naming.DefaultBase
	}
	o.Base, o.Log = base, env.log
	store, err := disk.Open(storeDir(dir), o)
	if err != nil {
		return nil, err
	}
	return store, nil
}

// storeDir is where the graph lies below a data directory.
func storeDir(dir string) string { return dir + "/graph" }

// maxErrorBody bounds what is shown of a server's error.
const maxErrorBody = 64 << 10

// request sends a request to the server and returns its body; answers other
// than 2xx are errors with the server's own words.
func (p *place) request(req *http.Request) (*http.Response, error) {
	if p.Token != "" {
		req.Header.Set("Authorization", "Bearer "+p.Token)
	}
	client := &http.Client{Transport: &http.Transport{ResponseHeaderTimeout: 15 * time.Minute}}
	resp, err := client.Do(req)
	if err != nil {
		var bad *url.Error
		if errors.As(err, &bad) {
			return nil, fmt.Errorf("%s: %w: is nettwin running there?", p.URL, bad.Err)
		}
		return nil, err
	}
	if resp.StatusCode/100 != 2 {
		defer resp.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		err := fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(text)))
		if resp.StatusCode == http.StatusNotFound {
			return nil, &exitError{exitNotFound, err}
		}
		return nil, err
	}
	return resp, nil
}

// endpoint joins the server's address with a path and parameters.
func (p *place) endpoint(path string, params url.Values) string {
	u := strings.TrimRight(p.URL, "/") + path
	if len(params) > 0 {
		u += "?" + params.Encode()
	}
	return u
}
