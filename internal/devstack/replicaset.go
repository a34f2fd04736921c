package devstack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const replicaSet = "rs0"

// Codes of MongoDB's errors.
const (
	codeNotInitialized     = 94
	codeAlreadyInitialized = 23
)

// configureReplicaSet makes the server at host the only member of a replica set, under the address that
// it has now, and returns when it is primary.
func configureReplicaSet(ctx context.Context, host string) error {
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + host + "/?directConnection=true").SetServerSelectionTimeout(mongodReady))
	if err != nil {
		return err
	}
	defer client.Disconnect(context.WithoutCancel(ctx))
	admin := client.Database("admin")
	if err := admin.RunCommand(ctx, bson.D{{Key: "ping", Value: 1}}).Err(); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	if err := initiate(ctx, admin, host); err != nil {
		return err
	}
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		var hello struct {
			Primary bool `bson:"isWritablePrimary"`
		}
		if err := admin.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err == nil && hello.Primary {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it did not become primary: %w", ctx.Err())
		case <-poll.C:
		}
	}
}

// initiate configures a new set, or gives the member of an old one its new address: without it the
// server would wait for itself at the old one.
func initiate(ctx context.Context, admin *mongo.Database, host string) error {
	var known struct {
		Config bson.D `bson:"config"`
	}
	err := admin.RunCommand(ctx, bson.D{{Key: "replSetGetConfig", Value: 1}}).Decode(&known)
	if hasCode(err, codeNotInitialized) {
		set := bson.D{{Key: "_id", Value: replicaSet}, {Key: "members", Value: members(host)}}
		err := admin.RunCommand(ctx, bson.D{{Key: "replSetInitiate", Value: set}}).Err()
		if err != nil && !hasCode(err, codeAlreadyInitialized) {
			return fmt.Errorf("replSetInitiate: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("replSetGetConfig: %w", err)
	}
	changed, was := bson.D{}, ""
	for _, e := range known.Config {
		switch e.Key {
		case "version":
			n, ok := e.Value.(int32)
			if !ok {
				return fmt.Errorf("replSetGetConfig: version %v", e.Value)
			}
			e.Value = n + 1
		case "members":
			was = fmt.Sprint(e.Value)
			if list, ok := e.Value.(bson.A); ok && len(list) == 1 {
				if member, ok := list[0].(bson.D); ok {
					was = hostOf(member)
				}
			}
			e.Value = members(host)
		}
		changed = append(changed, e)
	}
	if was == host {
		return nil
	}
	if err := admin.RunCommand(ctx, bson.D{{Key: "replSetReconfig", Value: changed}, {Key: "force", Value: true}}).Err(); err != nil {
		return fmt.Errorf("replSetReconfig: %w", err)
	}
	return nil
}

func members(host string) bson.A {
	return bson.A{bson.D{{Key: "_id", Value: int32(0)}, {Key: "host", Value: host}}}
}

func hostOf(member bson.D) string {
	for _, e := range member {
		if e.Key == "host" {
			return fmt.Sprint(e.Value)
		}
	}
	return ""
}

func hasCode(err error, code int) bool {
	var said mongo.ServerError
	return errors.As(err, &said) && said.HasErrorCode(code)
}
