import 'dart:async';
import 'dart:convert';

import 'package:http/http.dart' as http;
import 'package:powersync/powersync.dart';

const turnkeyUrl = 'https://shop-x1.run.example.com';

/// A write that the server refused for good. It has left the queue; the server keeps it.
class RejectedWrite {
  RejectedWrite(this.transaction, this.code, this.message, this.rejectionId);
  final CrudTransaction transaction;
  final String code;
  final String message;
  final String? rejectionId;
}

class TurnkeyException implements Exception {
  TurnkeyException(this.message, {this.status, this.code});
  final String message;
  final int? status;
  final String? code;
  @override
  String toString() => 'TurnkeyException: $message (${code ?? status ?? 'no answer'})';
}

class _Token {
  _Token(this.token, this.endpoint, this.expiresAt);
  final String token;
  final String endpoint;
  final DateTime? expiresAt;
}

/// Connects PowerSync to Turnkey: exchanges tokens, uploads whole transactions, never sticks on a refused write.
class TurnkeyConnector extends PowerSyncBackendConnector {
  /// [getToken] gives the signed-in user's token of your own sign-in, null when nobody is signed in.
  TurnkeyConnector({required this.getToken, this.onRejected}) : developmentUser = null;
  // firebase: getToken: () async => FirebaseAuth.instance.currentUser?.getIdToken()
  // staff: the signed-in user's token of https://login.example.com
  // server: your own server asks for the token with its API key: POST /token {"user_id": "..."}; getToken is for the other providers

  final Future<String?> Function()? getToken;
  final String? developmentUser;
  final FutureOr<void> Function(RejectedWrite write)? onRejected;

  static const _maxTransactions = 50;
  static const _maxOperations = 1000;
  final _http = http.Client();
  _Token? _cached;
  Future<_Token?>? _pending;
  String? _lastError;

  @override
  Future<PowerSyncCredentials?> fetchCredentials() async {
    final t = await _fresh();
    return t == null ? null : PowerSyncCredentials(endpoint: t.endpoint, token: t.token, expiresAt: t.expiresAt);
  }

  @override
  Future<void> uploadData(PowerSyncDatabase database) async {
    try {
      while (await _uploadOnce(database)) {}
      _lastError = null;
    } catch (e) {
      _lastError = '$e';
      rethrow; // PowerSync keeps the queue and tries again
    }
  }

  /// One request; true when there may be more to do.
  Future<bool> _uploadOnce(PowerSyncDatabase database) async {
    final batch = <CrudTransaction>[];
    var operations = 0;
    await for (final tx in database.getCrudTransactions()) {
      batch.add(tx);
      operations += tx.crud.length;
      if (batch.length >= _maxTransactions || operations >= _maxOperations) break;
    }
    if (batch.isEmpty) return false;
    final client = await database.get('SELECT powersync_client_id() AS id, (SELECT count(*) FROM ps_crud) AS queued');
    final answer = await _send({
      'client': {
        'id': client['id'],
        'sdk': 'turnkey-dart',
        'queue_count': client['queued'],
        if (_lastError != null) 'last_error': _lastError,
      },
      'transactions': [for (final tx in batch) _wire(tx)],
    });
    if (answer.statusCode != 200) {
      await _pause((int.tryParse(answer.headers['retry-after'] ?? '') ?? 0) * 1000);
      throw _problem('The upload was not accepted', answer);
    }
    return _settle(batch, _results(_text(answer), batch.length));
  }

  Map<String, Object?> _wire(CrudTransaction tx) => {
        if (tx.transactionId != null) 'transaction_id': tx.transactionId,
        'crud': [
          for (final e in tx.crud)
            {
              'op': e.op.toJson(),
              'table': e.table,
              'id': e.id,
              'op_id': e.clientId,
              if (e.transactionId != null) 'transaction_id': e.transactionId,
              if (e.opData != null) 'op_data': e.opData,
              if (e.previousValues != null) 'previous_values': e.previousValues,
              if (e.metadata != null) 'metadata': e.metadata,
            }
        ],
      };

  /// Completing a transaction completes everything before it, so only a settled prefix is completed, once.
  Future<bool> _settle(List<CrudTransaction> batch, List<Map<String, dynamic>> results) async {
    CrudTransaction? settled;
    Map<String, dynamic>? stopped;
    final rejected = <RejectedWrite>[];
    for (var i = 0; i < results.length; i++) {
      final r = results[i];
      if (r['status'] == 'fatal_error' && r['requires_client_handling'] == false) {
        final failed = r['failed_operation'] as Map<String, dynamic>;
        rejected.add(RejectedWrite(batch[i], failed['error_code'] as String,
            (failed['message'] ?? r['message'] ?? 'The write was refused.') as String, r['rejection_id'] as String?));
      } else if (r['status'] != 'success') {
        stopped = r; // waits for the app, for a later try, or was not attempted
        break;
      }
      settled = batch[i];
    }
    if (settled != null) await settled.complete();
    await _tell(rejected);
    if (stopped != null && (stopped['status'] != 'not_attempted' || settled == null)) {
      await _pause((stopped['retry_after_ms'] as num?)?.toInt() ?? 0);
      throw TurnkeyException((stopped['message'] ?? 'The server asks to try again later') as String, status: 200);
    }
    return true;
  }

  /// Tells of every refused write: they have left the queue, so one that the app fails on must not hide the others.
  Future<void> _tell(List<RejectedWrite> rejected) async {
    Object? failure;
    for (final write in rejected) {
      try {
        await onRejected?.call(write);
      } catch (e) {
        failure ??= e;
      }
    }
    if (failure != null) throw failure;
  }

  /// An answer that is not exactly what the contract promises must never complete a transaction.
  List<Map<String, dynamic>> _results(String body, int sent) {
    final decoded = jsonDecode(body);
    final list = decoded is Map ? decoded['results'] : null;
    if (list is! List || list.length != sent) throw TurnkeyException('Malformed answer', status: 200, code: 'malformed_answer');
    for (final r in list) {
      final known = r is Map && const ['success', 'retryable_error', 'fatal_error', 'not_attempted'].contains(r['status']);
      final complete = known && (r['status'] != 'fatal_error' ||
          (r['requires_client_handling'] is bool && r['failed_operation'] is Map && r['failed_operation']['error_code'] is String));
      if (!complete) throw TurnkeyException('Malformed answer', status: 200, code: 'malformed_answer');
    }
    return list.cast<Map<String, dynamic>>();
  }

  /// Sends with the current token; a refused one is replaced once.
  Future<http.Response> _send(Object body) async {
    for (var attempt = 1;; attempt++) {
      final t = await _current();
      if (t == null) throw TurnkeyException('Nobody is signed in, so nothing can be uploaded', code: 'signed_out');
      final answer = await _post('/api/data', t.token, body);
      if (answer.statusCode != 401 || attempt > 1) return answer;
      if (identical(_cached, t)) _cached = null;
    }
  }

  Future<_Token?> _current() async {
    final t = _cached;
    final soon = DateTime.now().add(const Duration(seconds: 20));
    return t != null && (t.expiresAt == null || t.expiresAt!.isAfter(soon)) ? t : _fresh();
  }

  /// One exchange at a time, whoever asks.
  Future<_Token?> _fresh() => _pending ??= _exchange().whenComplete(() => _pending = null);

  Future<_Token?> _exchange() async {
    _cached = null;
    String? bearer;
    if (developmentUser == null) {
      bearer = await getToken!();
      if (bearer == null) return null;
    }
    final answer = await _post('/token', bearer, {if (developmentUser != null) 'user_id': developmentUser});
    if (answer.statusCode != 200) throw _problem('No token', answer);
    final b = jsonDecode(_text(answer)) as Map<String, dynamic>;
    return _cached = _Token(b['token'] as String, (b['powersync_url'] as String).replaceAll(RegExp(r'/+$'), ''),
        DateTime.tryParse('${b['expires_at']}'));
  }

  Future<http.Response> _post(String path, String? bearer, Object body) => _http
      .post(Uri.parse('$turnkeyUrl$path'),
          headers: {'content-type': 'application/json', if (bearer != null) 'authorization': 'Bearer $bearer'}, body: jsonEncode(body))
      .timeout(const Duration(seconds: 30));

  /// JSON is UTF-8, whatever the header says.
  String _text(http.Response answer) => utf8.decode(answer.bodyBytes, allowMalformed: true);

  TurnkeyException _problem(String what, http.Response answer) {
    Object? body;
    try {
      body = jsonDecode(_text(answer));
    } on FormatException {
      body = null; // a proxy's page, say
    }
    final b = body is Map ? body : const {};
    return TurnkeyException('$what: ${b['detail'] ?? b['message'] ?? 'HTTP ${answer.statusCode}'}',
        status: answer.statusCode, code: b['code'] as String?);
  }

  Future<void> _pause(int ms) => Future.delayed(Duration(milliseconds: ms.clamp(0, 60000)));
}
