# One image for the agent, detection and the Connect worker: `docker build -t plumbline .`
# The build stage fetches from Maven Central only; the image holds the distribution and a Java runtime.
FROM maven:3.9.11-eclipse-temurin-17 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.m2 \
    mvn -q -B -DskipTests -pl bench -am package \
 && mkdir /plumbline \
 && tar -xzf bench/target/plumbline*.tar.gz -C /plumbline --strip-components=1

FROM eclipse-temurin:17.0.15_6-jre-noble
LABEL org.opencontainers.image.title="Plumbline" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 plumbline \
 && useradd --system --uid 10001 --gid 10001 --create-home --home-dir /var/lib/plumbline plumbline
COPY --from=build /plumbline /opt/plumbline
COPY deploy/docker/healthy /opt/plumbline/bin/healthy
ENV PATH="/opt/plumbline/bin:$PATH"
USER 10001:10001
WORKDIR /var/lib/plumbline
VOLUME /var/lib/plumbline
# 8080: health, metrics and the API; 8083: the Connect worker's REST interface
EXPOSE 8080 8083
ENTRYPOINT ["/opt/plumbline/bin/plumbline"]
CMD ["--help"]
