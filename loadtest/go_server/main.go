// Baseline for query-api's Get: the same Redis read behind a gRPC server in Go.
//
// It answers user.v1.UserQueries/Get with the stored bytes, as query-api does, and does nothing
// else: no metrics, no traces, no limits, no other methods. See ../grpc_reads.py.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"

	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

// shards as in user_contracts.redis_users.
var shards = []string{
	"ma", "ly", "lg", "rz", "dj", "uv", "uh", "dt", "qp", "ph", "pv", "qn", "wz", "yc", "iy", "ha",
}

// raw passes messages on unchanged, and accepts responses that are already encoded.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(message any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(message.([]byte))}, nil
}

func (raw) Unmarshal(data mem.BufferSlice, message any) error {
	*message.(*[]byte) = data.Materialize()
	return nil
}

type queries struct {
	redis      *redis.Client
	generation string
}

func (q *queries) get(ctx context.Context, request []byte) ([]byte, error) {
	number, _, tag := protowire.ConsumeTag(request)
	id, size := protowire.ConsumeString(request[max(tag, 0):])
	if number != 1 || size < 6 {
		return nil, status.Error(codes.InvalidArgument, "id")
	}
	var shard int
	fmt.Sscanf(id[5:6], "%x", &shard)
	key := fmt.Sprintf("users:%s:{%s}:%s:%s", q.generation, shards[shard], id[:6], id)
	user, err := q.redis.HGet(ctx, key, "proto").Bytes()
	if err != nil {
		return nil, status.Error(codes.NotFound, "no such user")
	}
	return user, nil
}

func handle(service any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var request []byte
	if err := decode(&request); err != nil {
		return nil, err
	}
	return service.(*queries).get(ctx, request)
}

func main() {
	encoding.RegisterCodecV2(raw{})
	options, err := redis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		log.Fatal(err)
	}
	options.Username, options.Password = os.Getenv("REDIS_USER"), os.Getenv("REDIS_PASSWORD")
	client := redis.NewClient(options)
	generation, err := client.Get(context.Background(), "users:generation").Result()
	if err != nil {
		generation = "1"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("GRPC_PORT"))
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "user.v1.UserQueries",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Get", Handler: handle}},
	}, &queries{client, generation})
	log.Fatal(server.Serve(listener))
}
