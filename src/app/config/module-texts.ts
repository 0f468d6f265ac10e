/**
 * Modules that projects ask for because OpenIDM ships them, by the name in `require` (specification §9.1, §9.5). What belongs to
 * parts that are not here (mail, notifications, social identities) does nothing.
 */
export const MODULE_TEXTS: Readonly<Record<string, string>> = {
  'ui/onCreateUser': `
exports.setDefaultFields = function (object) {
  if (!object.accountStatus) object.accountStatus = 'active';
  if (!object.authzRoles) object.authzRoles = [{ _ref: 'repo/internal/role/openidm-authorized' }];
};
exports.createIdpRelationships = function () {};
exports.emailUser = function () {};
`,
  'ui/onUpdateUser': `
exports.preserveLastSync = function (object, oldObject, request) {
  var isReplaced = !request || !request.method || request.method === 'update';
  if (isReplaced && oldObject && oldObject.lastSync && !object.lastSync) object.lastSync = oldObject.lastSync;
};
exports.updateIdpRelationships = function () {};
exports.createNotification = function () {};
`,
  'ui/onDelete-user-cleanup': '',
  'roles/effectiveRoles': `
function pathOf(grant) {
  return typeof grant === 'string' ? grant.trim() : grant ? grant._ref : null;
}
function grantsIn(value) {
  return typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
}
function covers(constraint) {
  var ends = String(constraint.duration || '').split('/');
  var start = Date.parse(ends[0]);
  var end = Date.parse(ends[1]);
  var now = Date.now();
  return isNaN(start) || isNaN(end) || (start <= now && now < end);
}
function isInForce(object) {
  var constraints = object ? object.temporalConstraints : null;
  return !Array.isArray(constraints) || constraints.length === 0 || constraints.some(covers);
}
exports.calculateEffectiveRoles = function (object, name) {
  return grantsIn(object[name || 'roles'])
    .filter(function (grant) {
      return isInForce(grant && grant._refProperties);
    })
    .map(pathOf)
    .filter(function (path) {
      return path && path.indexOf('managed/') === 0 && isInForce(openidm.read(path));
    })
    .map(function (path) {
      return { _ref: path };
    });
};
`,
  'roles/effectiveAssignments': `
function assignmentsOf(role) {
  var listed = role && role.assignments;
  if (Array.isArray(listed))
    return listed.map(function (one) {
      var path = typeof one === 'string' ? one : one && one._ref;
      return path ? openidm.read(path) : one;
    });
  return Object.keys(listed || {}).map(function (name) {
    return Object.assign({ name: name }, listed[name]);
  });
}
exports.calculateEffectiveAssignments = function (object, name) {
  var roles = object[name || 'effectiveRoles'];
  var found = [];
  (Array.isArray(roles) ? roles : []).forEach(function (role) {
    var path = typeof role === 'string' ? role : role && role._ref;
    if (!path) return;
    assignmentsOf(openidm.read(path)).forEach(function (assignment) {
      var isKnown = found.some(function (one) {
        return one._id !== undefined && one._id === (assignment && assignment._id);
      });
      if (assignment && !isKnown) found.push(assignment);
    });
  });
  return found;
};
`,
  crypto: `
var RULES = {
  UPPERCASE: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  LOWERCASE: 'abcdefghijklmnopqrstuvwxyz',
  INTEGERS: '0123456789',
  SPECIAL: '~!@#$%^&*()-_=+[]{}|;:,.<>/?'
};
function below(limit) {
  var digits = java.util.UUID.randomUUID().toString().replace(/-/g, '');
  return parseInt(digits.slice(0, 12), 16) % limit;
}
function pick(letters) {
  return letters.charAt(below(letters.length));
}
exports.hash = function (value, algorithm) {
  return openidm.isHashed(value) ? value : openidm.hash(value, algorithm || null);
};
exports.generateRandomString = function (rules, length) {
  var letters = [];
  var all = '';
  (rules || []).forEach(function (one) {
    var known = RULES[one.rule];
    if (!known) throw { code: 400, message: 'generateRandomString: there is no rule ' + one.rule };
    all += known;
    for (var i = 0; i < (one.minimum || 0); i++) letters.push(pick(known));
  });
  if (all === '') all = RULES.UPPERCASE + RULES.LOWERCASE + RULES.INTEGERS;
  while (letters.length < (length || 16)) letters.push(pick(all));
  for (var last = letters.length - 1; last > 0; last--) {
    var other = below(last + 1);
    var letter = letters[last];
    letters[last] = letters[other];
    letters[other] = letter;
  }
  return letters.join('');
};
`,
  // Underscore is served as lodash, which has most of its functions; these differ in name.
  'lib/underscore': `
var lodash = require('lib/lodash');
var _ = lodash.runInContext ? lodash.runInContext() : lodash;
var ALIASES = {
  all: 'every', any: 'some', contains: 'includes', collect: 'map', compose: 'flowRight', detect: 'find', foldl: 'reduce',
  foldr: 'reduceRight', include: 'includes', inject: 'reduce', methods: 'functions', object: 'zipObject', pairs: 'toPairs',
  restParam: 'rest', select: 'filter', unique: 'uniq'
};
Object.keys(ALIASES).forEach(function (name) {
  if (!_[name]) _[name] = _[ALIASES[name]];
});
_.findWhere = function (list, wanted) { return _.find(list, _.matches(wanted)); };
_.where = function (list, wanted) { return _.filter(list, _.matches(wanted)); };
_.pluck = function (list, name) { return _.map(list, _.property(name)); };
_.indexBy = _.keyBy;
_.max = function (list, value) { return value ? _.maxBy(list, value) : _.maxBy(list, _.identity); };
_.min = function (list, value) { return value ? _.minBy(list, value) : _.minBy(list, _.identity); };
module.exports = _;
`,
};
