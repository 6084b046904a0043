package dev.plumbline.bench.fleet;

/** A request on its way through a model server. Times in seconds since the tape began. */
final class Request {
  final double arrived;
  final int prompt;
  final int output;
  final boolean cut;

  double offered;
  double admitted = -1;
  double firstToken = -1;

  /** Tokens still to be computed before the next one comes out. */
  int prefillLeft;

  int generated;
  long finishesAtStep;
  long startedAtStep;

  Request(double arrived, int prompt, int output, boolean cut) {
    this.arrived = arrived;
    this.prompt = prompt;
    this.output = output;
    this.cut = cut;
  }

  /** The same, sent again by the client. */
  Request again(double now) {
    return new Request(now, prompt, output, cut);
  }
}
