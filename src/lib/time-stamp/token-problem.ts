/** Why a token, a certificate or an answer is not accepted. Thrown inside this folder; whoever calls in turns it into words. */
export class TokenProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TokenProblem';
  }
}
