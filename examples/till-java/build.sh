#!/bin/sh
# Generates the messages from the proto files and compiles the till into build/. On Debian it needs
#
#   apt-get install default-jdk-headless protobuf-compiler libprotobuf-dev protobuf-compiler-grpc-java-plugin libgrpc-java \
#     libnetty-java libgoogle-gson-java libgeronimo-annotation-1.3-spec-java
#
# Elsewhere JARS names a folder with the jars of grpc-java, its netty transport, protobuf-java and gson.
set -eu
cd "$(dirname "$0")"
jars=${JARS:-/usr/share/java}
plugin=$(command -v grpc_java_plugin || command -v protoc-gen-grpc-java)
rm -rf build
mkdir -p build/generated build/classes
protoc --proto_path=../../protos --java_out=build/generated --grpc-java_out=build/generated \
  --plugin=protoc-gen-grpc-java="$plugin" maitred/v1/decision.proto
# A folder of jars may hold other programs' as well.
for name in grpc-api grpc-context grpc-core grpc-netty grpc-protobuf grpc-protobuf-lite grpc-stub protobuf guava failureaccess \
  netty-all netty-buffer netty-codec netty-codec-http netty-codec-http2 netty-codec-socks netty-common netty-handler \
  netty-handler-proxy netty-resolver netty-transport netty-transport-native-unix-common jctools-core perfmark-api gson \
  geronimo-annotation-1.3-spec; do
  [ ! -e "$jars/$name.jar" ] || printf '%s:' "$jars/$name.jar"
done >build/classpath
find build/generated Till.java -name '*.java' >build/sources
javac -nowarn -proc:none -d build/classes -cp "$(cat build/classpath)" @build/sources
